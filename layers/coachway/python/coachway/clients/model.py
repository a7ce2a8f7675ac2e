"""Clients, their contacts, addresses, email preferences and credit: requests, records and access patterns.

Contacts and addresses are in the partition of their client, so that the client's history includes them.
"""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from coachway.clients import rules
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import BaseSchema, PageQuery, RequestSchema, SearchWords
from coachway.core.types import contact, ids
from coachway.core.types.contact import Email, Phone
from coachway.core.types.money import ApiAmount, NonNegativeApiAmount
from coachway.core.types.personal import ERASED, Personal
from coachway.core.types.search_text import SearchText
from coachway.core.types.text import Note, PoNumber, PostalCode, Text
from coachway.identity.model.cancellation_policy import CancellationPolicy
from coachway.identity.model.tax_exemption import TaxExemption

ClientId = Annotated[str, Field(pattern=ids.pattern("cli"))]
UserId = Annotated[str, Field(pattern=ids.pattern("usr"))]
ContactId = Annotated[str, Field(pattern=ids.pattern("con"))]

BY_MONTH = AccessPattern(
    "clients by month of creation, newest first",
    index="gsi1",
    pk="ORG#{org}#CLIENTS#{month}",
    sk="{id}",
)
BY_NAME = AccessPattern(
    "clients by name",
    index="gsi2",
    pk="ORG#{org}#CLIENT-NAMES#{initial}",
    sk="{name}#{id}",
)
BY_PHONE = AccessPattern(
    "clients by phone number",
    index="gsi3",
    pk="ORG#{org}#CLIENT-PHONES#{phone}",
    sk="{id}",
)
CONTACTS = AccessPattern(
    "the contacts of a client, newest first",
    pk="ORG#{org}#CLIENT#{client}",
    sk="CONTACT#{id}",
)
ADDRESSES = AccessPattern(
    "the addresses of a client, newest first",
    pk="ORG#{org}#CLIENT#{client}",
    sk="ADDRESS#{id}",
)
PREFERENCES = AccessPattern(
    "the email preferences of a client",
    pk="ORG#{org}#CLIENT#{client}",
    sk="EMAIL-PREFERENCES",
)
CREDIT = AccessPattern(
    "counters of a client's balance in cents: `open`, and the part of it that is `booked` but not invoiced",
    pk="ORG#{org}#CLIENT#{client}",
    sk="CREDIT",
)


class ClientType(StrEnum):
    """The type of a client."""

    CORPORATE = "corporate"
    PERSONAL = "personal"
    GOVERNMENT = "government"


class ClientStatus(StrEnum):
    """The status of a client. New charters can be quoted for active clients only."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class ClientInput(RequestSchema):
    """A client."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Acme Events",
                    "client_type": "corporate",
                    "email": "events@acme.example",
                    "phone": "+12125550123",
                    "payment_terms": "net_30",
                    "credit_limit": 10000,
                }
            ]
        }
    )

    name: Annotated[Text, Personal(blank=ERASED)]
    client_type: ClientType
    email: Email
    phone: Phone | None = None
    status: ClientStatus = ClientStatus.ACTIVE
    payment_terms: rules.PaymentTerms = rules.PaymentTerms.DUE_ON_RECEIPT
    credit_limit: NonNegativeApiAmount = 0
    po_number: Annotated[
        PoNumber | None, Field(description="The purchase order for all trips. A charter can have its own."), Personal()
    ] = None
    tax_exemption: Annotated[
        TaxExemption | None,
        Field(description="Quotes and invoices have no tax while the certificate is valid. Accepted prices stay."),
    ] = None
    cancellation_policy: Annotated[
        CancellationPolicy | None,
        Field(description="What this client gets back when cancelling. Null: the organization's policy applies."),
    ] = None
    notes: Annotated[Note, Personal()] = ""
    assigned_agent_id: Annotated[
        UserId | None, Field(description="The user who looks after the client and gets its new leads.")
    ] = None


class Client(Entity, ClientInput):
    """A client. Amounts are in `currency`, the organization's currency."""

    KIND: ClassVar[str] = "client"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    email: Annotated[str, Personal()]
    phone: Annotated[str | None, Personal()] = None
    currency: str = "USD"

    def key(self) -> Key:
        return CLIENT.key(org=self.org_id, id=self.id)

    def indexes(self) -> dict[str, Key]:
        name = rules.normalize_name(self.name)
        month = ids.get_created_at(self.id).strftime("%Y-%m")
        phone = {"gsi3": BY_PHONE.key(org=self.org_id, phone=self.phone, id=self.id)} if self.phone else {}
        return phone | {
            "gsi1": BY_MONTH.key(org=self.org_id, month=month, id=self.id),
            "gsi2": BY_NAME.key(org=self.org_id, initial=name[:1], name=name, id=self.id),
        }

    def attributes(self) -> dict[str, str | int | bool]:
        return {"client_type": self.client_type.value, "status": self.status.value}

    def search_text(self) -> SearchText:
        return SearchText(
            self.name, self.email, names=(self.name,), emails=(self.email,), phones=(self.phone,), client_id=self.id
        )

    def unique_values(self) -> dict[str, str]:
        return {"client-email": contact.normalize_email(self.email)}


class ClientQuery(PageQuery):
    """Filters of clients."""

    client_type: ClientType | None = None
    status: ClientStatus | None = None
    q: SearchWords | None = None


class ContactRole(StrEnum):
    """What a contact is responsible for."""

    BOOKING = "booking"
    BILLING = "billing"
    ON_SITE = "on_site"
    OTHER = "other"


class ContactInput(RequestSchema):
    """A contact person of a client."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Dana Lee", "role": "booking", "email": "dana@acme.example", "phone": "+12125550124"}]
        }
    )

    name: Annotated[Text, Personal(blank=ERASED)]
    role: ContactRole = ContactRole.OTHER
    email: Email | None = None
    phone: Phone | None = None
    notes: Annotated[Note, Personal()] = ""


class Contact(Entity, ContactInput):
    """A contact person of a client."""

    KIND: ClassVar[str] = "contact"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    client_id: str
    email: Annotated[str | None, Personal()] = None
    phone: Annotated[str | None, Personal()] = None

    def key(self) -> Key:
        return CONTACTS.key(org=self.org_id, client=self.client_id, id=self.id)

    def attributes(self) -> dict[str, str | int | bool]:
        return {"kept": self.deleted_at is None}

    def search_text(self) -> SearchText:
        return SearchText(
            self.name,
            self.email or self.phone or "",
            names=(self.name,),
            emails=(self.email,),
            phones=(self.phone,),
            client_id=self.client_id,
        )


class AddressType(StrEnum):
    """The purpose of an address."""

    BILLING = "billing"
    PICKUP = "pickup"
    MAILING = "mailing"
    OTHER = "other"


class AddressInput(RequestSchema):
    """An address of a client."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "address_type": "billing",
                    "line1": "11 Wall St",
                    "city": "New York",
                    "state": "NY",
                    "postal_code": "10005",
                    "country": "US",
                }
            ]
        }
    )

    address_type: AddressType = AddressType.BILLING
    line1: Annotated[Text, Personal(blank=ERASED)]
    line2: Annotated[Text | None, Personal()] = None
    city: Annotated[Text, Personal(blank=ERASED)]
    state: Annotated[Text | None, Personal()] = None
    postal_code: Annotated[PostalCode | None, Personal()] = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2 code.")] = "US"


class Address(Entity, AddressInput):
    """An address of a client."""

    KIND: ClassVar[str] = "address"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    client_id: str

    def key(self) -> Key:
        return ADDRESSES.key(org=self.org_id, client=self.client_id, id=self.id)

    def attributes(self) -> dict[str, str | int | bool]:
        return {"kept": self.deleted_at is None}

    def search_text(self) -> SearchText:
        place = " ".join(each for each in (self.city, self.state, self.postal_code) if each)
        parts = (self.line1, self.line2, self.city, self.postal_code, self.state)
        return SearchText(self.line1, place, addresses=parts, client_id=self.client_id)


class EmailPreferencesInput(RequestSchema):
    """The optional emails that a client wants. Of these, only reminders are sent yet."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reminders": True, "newsletter": False}]})

    opted_out: bool = False
    """Whether the client wants no optional email, whatever the other fields say."""
    reminders: bool = True
    rating_requests: bool = True
    newsletter: bool = False


class EmailPreferences(Entity, EmailPreferencesInput):
    """The email preferences of a client, with the client's ID; `version` is 0 until they are set."""

    KIND: ClassVar[str] = "email_preferences"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    def key(self) -> Key:
        return PREFERENCES.key(org=self.org_id, client=self.id)


class Credit(BaseSchema):
    """The credit of a client. `available_credit` is negative if the limit was lowered below the balance.

    A limit of 0 means that there is no limit.
    """

    client_id: str
    payment_terms: rules.PaymentTerms
    credit_limit: NonNegativeApiAmount
    open_balance: ApiAmount
    booked_balance: Annotated[
        ApiAmount, Field(description="Part of the open balance: charters booked on credit that are not invoiced yet.")
    ] = 0
    available_credit: ApiAmount
    currency: str
