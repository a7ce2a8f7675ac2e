"""Payment schedules of charters, agreed with the client or set by the organization's payment policy."""

from datetime import date
from functools import partial
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field

from coachway.bookings import instalments
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.rules import CharterChanged, CharterStatus
from coachway.bookings.errors import (
    CharterClosed,
    ClientPaysByInvoice,
    DepositAlreadyCovered,
    InstalmentDateRequired,
    InstalmentEarlierThanAgreed,
    PaymentScheduleAccepted,
)
from coachway.bookings.instalments import Instalment, InstalmentStatus
from coachway.clients.model import Client
from coachway.clients.rules import has_terms
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Update
from coachway.core.persistence.records import Entity
from coachway.core.runtime import clock
from coachway.core.schemas import RequestSchema
from coachway.core.types.money import ApiAmount, format_units
from coachway.identity.model.organization import ORGANIZATIONS, Organization


class PaymentScheduleInput(RequestSchema):
    """The agreed instalments. An instalment without `due_on` is due at acceptance, and paying it books the trip."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "instalments": [
                        {"kind": "deposit", "amount": 200},
                        {"kind": "balance", "amount": 476.3, "due_on": "2027-02-20"},
                    ]
                }
            ]
        }
    )

    instalments: Annotated[list[Instalment], Field(max_length=12)]


class InstalmentView(Instalment):
    """An instalment and its payment status."""

    open: ApiAmount
    status: InstalmentStatus


class PaymentSchedule(Entity):
    """The payment schedule of a charter. It has no instalments if the client pays by invoice after the trip."""

    ETAG_IS_VERSION = False  # what is due depends on the day

    charter_number: str
    client_id: str
    currency: str
    total: ApiAmount
    amount_paid: ApiAmount
    due_now: ApiAmount
    instalments: list[InstalmentView]
    agreed: Annotated[
        bool, Field(description="Whether it was agreed; false while the organization's payment policy applies.")
    ]


def list_instalments(charter: Charter, client: Client, organization: Organization) -> list[Instalment]:
    """The agreed instalments of a charter, or those by the payment policy if it were accepted today."""
    if charter.instalments:
        return list(charter.instalments)
    return instalments.plan_instalments(
        charter.quote.total,
        has_terms=has_terms(client.payment_terms),
        accepted_on=local_today(charter),
        trip_date=charter.trip_date,
        policy=organization.payment_policy,
    )


def local_today(charter: Charter) -> date:
    """Today's date at the charter's first stop."""
    return clock.now().astimezone(ZoneInfo(charter.timezone)).date()


def build_schedule(charter: Charter, parts: list[Instalment]) -> PaymentSchedule:
    """Build the payment schedule of a charter from its instalments."""
    today = local_today(charter)
    open_amounts = instalments.calculate_open_amounts(parts, charter.amount_paid)
    views = [
        InstalmentView(
            **part.model_dump(),
            open=open_amount,
            status=instalments.derive_instalment_status(part, open_amount, accepted=charter.is_accepted, today=today),
        )
        for part, open_amount in zip(parts, open_amounts, strict=True)
    ]
    due_statuses = {InstalmentStatus.DUE, InstalmentStatus.OVERDUE}
    return PaymentSchedule(
        id=charter.id,
        org_id=charter.org_id,
        version=charter.version,
        created_at=charter.created_at,
        updated_at=charter.updated_at,
        charter_number=charter.number,
        client_id=charter.client_id,
        currency=charter.quote.currency,
        total=charter.quote.total,
        amount_paid=charter.amount_paid,
        due_now=sum(view.open for view in views if view.status in due_statuses),
        instalments=views,
        agreed=bool(charter.instalments),
    )


def get_schedule(caller: Caller, charter_id: str) -> PaymentSchedule:
    """Get the payment schedule of a charter. Raises NotFound, also for a client that does not own the charter."""
    charter = charter_queries.get_charter(caller, charter_id)
    if caller.is_external and caller.party_id != charter.client_id:
        raise errors.NotFound("The charter was not found.")
    client, organization = _load_client_and_organization(charter)
    return build_schedule(charter, list_instalments(charter, client, organization))


def set_schedule(caller: Caller, charter_id: str, body: PaymentScheduleInput, expected: int | None) -> PaymentSchedule:
    """Store the agreed instalments. An empty list restores the organization's payment policy.

    Raises Invalid if they do not add up to the price, CharterClosed, ClientPaysByInvoice, PaymentScheduleAccepted or
    InstalmentEarlierThanAgreed if the client has accepted another schedule, and InstalmentDateRequired or
    DepositAlreadyCovered if the schedule contradicts the charter's status.
    """
    # Imported late: reading a schedule does not need it at a cold start.
    from coachway.bookings.charters import event_payloads as charter_event_payloads
    from coachway.contracts.bookings import CharterModified

    before = charter_queries.get_charter(caller, charter_id, expected=expected)
    client, organization = _load_client_and_organization(before)
    if before.status.is_terminal:
        raise CharterClosed(f"This charter is {before.status}. Its payment schedule cannot be changed.")
    if has_terms(client.payment_terms) and body.instalments:
        raise ClientPaysByInvoice(f"The client's payment terms are {client.payment_terms}. Change them first.")
    if before.is_accepted and not body.instalments:
        raise PaymentScheduleAccepted("The client has accepted a schedule. Set at least one instalment.")
    if body.instalments:
        instalments.require_valid_schedule(body.instalments, before.quote.total, before.trip_date)
    if before.is_accepted and before.instalments:
        _require_not_earlier(before, body.instalments)
    if before.status is not CharterStatus.QUOTE and instalments.sum_due_to_book(body.instalments) > before.amount_paid:
        raise InstalmentDateRequired("The trip is booked. Set `due_on` of every unpaid instalment.")
    if (
        before.status is CharterStatus.QUOTE
        and before.is_accepted
        and instalments.sum_due_to_book(body.instalments) <= before.amount_paid
    ):
        raise DepositAlreadyCovered("The payments cover this deposit. Book the charter instead.")
    after = before.model_copy(update={"instalments": list(body.instalments)})
    build_response = partial(build_schedule, after, list_instalments(after, client, organization))
    event = CharterModified(**charter_event_payloads.charter_event_fields(after), revised=False)
    store.commit(caller, Update(before, after, [event], on_stale=CharterChanged()), response=build_response)
    return build_response()


def _require_not_earlier(charter: Charter, parts: list[Instalment]) -> None:
    """Raise InstalmentEarlierThanAgreed if the client would owe more on any day than it has accepted."""
    day = instalments.find_day_due_earlier(parts, charter.instalments, charter.amount_paid)
    if day is None:
        return
    when, by_now = ("at once", "at once") if day == date.min else (f"on {day}", "by then")
    due, agreed = (format_units(instalments.sum_due_by(each, day)) for each in (parts, charter.instalments))
    raise InstalmentEarlierThanAgreed(
        f"{due} would be due {when}, but the client agreed to pay {agreed} {by_now}. Set later dates."
    )


def _load_client_and_organization(charter: Charter) -> tuple[Client, Organization]:
    from coachway.bookings.charters import lifecycle

    client_key, organization_key = (
        CLIENT.key(org=charter.org_id, id=charter.client_id),
        ORGANIZATIONS.key(org=charter.org_id),
    )
    records = store.batch_get([client_key, organization_key])
    return lifecycle.require_client(records.find(Client, client_key)), records.get(Organization, organization_key)
