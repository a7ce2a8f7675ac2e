"""When a charter is paid for: as it was agreed, or as the organization's policy has it."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field

from coachway.bookings.charters import instalments
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.instalments import Instalment, InstalmentStatus
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.rules import CharterChanged, Status
from coachway.clients.model import Client
from coachway.clients.rules import has_terms
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import Update
from coachway.core.persistence.records import Entity
from coachway.core.runtime import clock
from coachway.core.schemas import RequestSchema
from coachway.core.types.money import Amount
from coachway.identity.model.organization import ORGANIZATIONS, Organization


class PaymentScheduleInput(RequestSchema):
    """What was agreed with the client. An instalment without a day is paid at acceptance, and books the trip."""

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
    """An instalment and how it stands."""

    open: Amount
    status: InstalmentStatus

    @property
    def is_payable(self) -> bool:
        """Whether something of it can be paid."""
        return self.open > 0


class PaymentSchedule(Entity):
    """When a charter is paid for. Its id and version are the charter's; no instalments: it is invoiced afterwards."""

    TOLD_BY_VERSION = False  # what is due depends on the day

    charter_number: str
    client_id: str
    currency: str
    total: Amount
    amount_paid: Amount
    due_now: Amount
    instalments: list[InstalmentView]
    agreed: Annotated[bool, Field(description="false while it follows from the organization's policy")]


def instalments_of(charter: Charter, client: Client, organization: Organization) -> list[Instalment]:
    """The instalments of a charter: those agreed, else those of the policy as if it were accepted today."""
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
    """The day at the charter's first stop."""
    return clock.now().astimezone(ZoneInfo(charter.timezone)).date()


def build_schedule(charter: Charter, parts: list[Instalment]) -> PaymentSchedule:
    """A charter's instalments and how they stand."""
    now = local_today(charter)
    left = instalments.open_instalments(parts, charter.amount_paid)
    views = [
        InstalmentView(
            **part.model_dump(),
            open=short,
            status=instalments.instalment_status(part, short, accepted=charter.is_accepted, today=now),
        )
        for part, short in zip(parts, left, strict=True)
    ]
    due = {InstalmentStatus.DUE, InstalmentStatus.OVERDUE}
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
        due_now=sum(view.open for view in views if view.status in due),
        instalments=views,
        agreed=bool(charter.instalments),
    )


def get_schedule(caller: Caller, charter_id: str) -> PaymentSchedule:
    """When a charter is paid for. Raises Missing, also for a client whose charter it is not."""
    charter = charter_queries.get_charter(caller, charter_id)
    if caller.is_outside and caller.party_id != charter.client_id:
        raise errors.NotFound("there is no such charter")
    client, organization = _load_client_and_organization(charter)
    return build_schedule(charter, instalments_of(charter, client, organization))


def set_schedule(caller: Caller, charter_id: str, body: PaymentScheduleInput, expected: int | None) -> PaymentSchedule:
    """Keep what was agreed with a client; no instalments: back to the policy.

    Raises Invalid when it is not the whole price, Conflict when the charter is closed, or when a trip would be booked
    or not booked by the change itself.
    """
    # What books comes with it, which those who look do without.
    from coachway.bookings.charters import event_payloads as charter_event_payloads
    from coachway.contracts.bookings import CharterModified

    before = charter_queries.get_charter(caller, charter_id, expected=expected)
    client, organization = _load_client_and_organization(before)
    if before.status.is_terminal:
        raise errors.Conflict(f"this charter is {before.status}", title="this charter is closed")
    if has_terms(client.payment_terms) and body.instalments:
        raise errors.Conflict(
            f"this client pays {client.payment_terms} by invoice: change its payment terms first",
            title="this client pays by invoice",
        )
    if before.is_accepted and not body.instalments:
        raise errors.Conflict(
            "say what is paid when: the client has accepted a schedule", title="it was accepted already"
        )
    if body.instalments:
        instalments.require_valid_schedule(body.instalments, before.quote.total, before.trip_date)
    if before.status is not Status.QUOTE and instalments.amount_due_to_book(body.instalments) > before.amount_paid:
        raise errors.Conflict(
            "it is booked already: give every instalment that is not paid a day", title="it is booked"
        )
    if (
        before.status is Status.QUOTE
        and before.is_accepted
        and instalments.amount_due_to_book(body.instalments) <= before.amount_paid
    ):
        raise errors.Conflict("nothing would be left to pay: book it instead", title="its deposit would be covered")
    after = before.model_copy(update={"instalments": list(body.instalments)})
    answer = build_schedule(after, instalments_of(after, client, organization))
    answer.version = before.version + 1
    told = CharterModified(**charter_event_payloads.charter_event_fields(after), revised=False)
    store.commit(caller, Update(before, after, [told], lost=CharterChanged()), answer=answer)
    return answer


def _load_client_and_organization(charter: Charter) -> tuple[Client, Organization]:
    from coachway.bookings.charters import lifecycle

    client_key, house_key = CLIENT.key(org=charter.org_id, id=charter.client_id), ORGANIZATIONS.key(org=charter.org_id)
    found = store.batch_get([client_key, house_key])
    return lifecycle.require_client(found.find(Client, client_key)), found.get(Organization, house_key)
