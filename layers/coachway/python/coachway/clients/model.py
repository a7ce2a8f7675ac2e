"""Clients, the people and places that belong to them, and where they lie in the table."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from coachway.clients import rules
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import BaseSchema, Note, PageQuery, RequestSchema, Text
from coachway.core.types import contact, ids
from coachway.core.types.contact import Email, Phone
from coachway.core.types.money import Amount, PositiveAmount

ClientId = Annotated[str, Field(pattern=ids.pattern("cli"))]
ContactId = Annotated[str, Field(pattern=ids.pattern("con"))]

BY_MONTH = AccessPattern(
    "clients, newest first, by the month they were added",
    index="gsi1",
    pk="ORG#{org}#CLIENTS#{month}",
    sk="{id}",
)
BY_NAME = AccessPattern(
    "clients by the beginning of their name",
    index="gsi2",
    pk="ORG#{org}#CLIENT-NAMES#{initial}",
    sk="{name}#{id}",
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
    "which mails a client wants",
    pk="ORG#{org}#CLIENT#{client}",
    sk="EMAIL-PREFERENCES",
)
CREDIT = AccessPattern(
    "what a client owes in cents (`open`), and what of it is booked but not invoiced; moved by conditional additions",
    pk="ORG#{org}#CLIENT#{client}",
    sk="CREDIT",
)


class ClientType(StrEnum):
    """What kind of client."""

    CORPORATE = "corporate"
    PERSONAL = "personal"
    GOVERNMENT = "government"


class ClientStatus(StrEnum):
    """Whether new work is taken from a client."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class ClientInput(RequestSchema):
    """A client as staff enter it."""

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

    name: Text
    client_type: ClientType
    email: Email
    phone: Phone | None = None
    status: ClientStatus = ClientStatus.ACTIVE
    payment_terms: rules.PaymentTerms = rules.PaymentTerms.DUE_ON_RECEIPT
    credit_limit: PositiveAmount = 0
    notes: Note = ""


class Client(Entity, ClientInput):
    """A client. Amounts are in the organization's currency, which `currency` names."""

    KIND: ClassVar[str] = "client"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    email: str
    phone: str | None = None
    currency: str = "USD"

    def key(self) -> Key:
        return CLIENT.key(org=self.org_id, id=self.id)

    def indexes(self) -> dict[str, Key]:
        sought = rules.normalize_name(self.name)
        month = ids.created_at_of(self.id).strftime("%Y-%m")
        return {
            "gsi1": BY_MONTH.key(org=self.org_id, month=month, id=self.id),
            "gsi2": BY_NAME.key(org=self.org_id, initial=sought[:1], name=sought, id=self.id),
        }

    def attributes(self) -> dict[str, str | int | bool]:
        return {"client_type": self.client_type.value, "status": self.status.value}

    def uniques(self) -> dict[str, str]:
        return {"client-email": contact.same_mailbox(self.email)}


class ClientQuery(PageQuery):
    """Which clients: of a type, of a status, whose name begins with `q` (case and accents do not matter)."""

    type: ClientType | None = None
    status: ClientStatus | None = None
    q: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class ContactRole(StrEnum):
    """What a contact is asked about."""

    BOOKING = "booking"
    BILLING = "billing"
    ON_SITE = "on_site"
    OTHER = "other"


class ContactInput(RequestSchema):
    """A person at a client's."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Dana Lee", "role": "booking", "email": "dana@acme.example", "phone": "+12125550124"}]
        }
    )

    name: Text
    role: ContactRole = ContactRole.OTHER
    email: Email | None = None
    phone: Phone | None = None
    notes: Note = ""


class Contact(Entity, ContactInput):
    """A person at a client's, in the client's own partition, so that the client's history tells of it."""

    KIND: ClassVar[str] = "contact"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    client_id: str
    email: str | None = None
    phone: str | None = None

    def key(self) -> Key:
        return CONTACTS.key(org=self.org_id, client=self.client_id, id=self.id)

    def attributes(self) -> dict[str, str | int | bool]:
        return {"kept": self.deleted_at is None}


class AddressType(StrEnum):
    """What an address is for."""

    BILLING = "billing"
    PICKUP = "pickup"
    MAILING = "mailing"
    OTHER = "other"


class AddressInput(RequestSchema):
    """A place of a client's."""

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
    line1: Text
    line2: Text | None = None
    city: Text
    state: Text | None = None
    postal_code: Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9 -]+$")] | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 code of two letters")] = "US"


class Address(Entity, AddressInput):
    """A place of a client's, in the client's own partition."""

    KIND: ClassVar[str] = "address"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    client_id: str

    def key(self) -> Key:
        return ADDRESSES.key(org=self.org_id, client=self.client_id, id=self.id)

    def attributes(self) -> dict[str, str | int | bool]:
        return {"kept": self.deleted_at is None}


class EmailPreferencesInput(RequestSchema):
    """Which mails a client wants besides those that an order needs (quotes, confirmations, invoices)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reminders": True, "newsletter": False}]})

    opted_out: bool = False
    """None of the mails below, whatever they say."""
    reminders: bool = True
    rating_requests: bool = True
    newsletter: bool = False


class EmailPreferences(Entity, EmailPreferencesInput):
    """Which mails a client wants; `version` is 0 until somebody has said so. Its id is the client's."""

    KIND: ClassVar[str] = "email_preferences"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    def key(self) -> Key:
        return PREFERENCES.key(org=self.org_id, client=self.id)


class Credit(BaseSchema):
    """What a client may still owe. `available_credit` is negative when the limit was lowered under the balance.

    A limit of 0 is none: then no booking is refused.
    """

    client_id: str
    payment_terms: rules.PaymentTerms
    credit_limit: PositiveAmount
    open_balance: Amount
    booked_balance: Annotated[Amount, Field(description="of it, trips booked on credit that are not invoiced yet")] = 0
    available_credit: Amount
    currency: str
