"""Moves charters through their life. Every step is one conditional transaction: of many at once, one succeeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from coachway.bookings.charters import cancellation_policy, event_payloads, status_counts
from coachway.bookings.charters.model import Cancellation, Charter
from coachway.bookings.charters.queries import get_charter
from coachway.bookings.charters.rules import Actor, CharterChanged, Status, require_transition
from coachway.clients import credit
from coachway.clients.model import Client
from coachway.clients.rules import has_terms
from coachway.contracts.bookings import (
    CharterBooked,
    CharterCancelled,
    CharterCompleted,
    CharterConfirmed,
    CharterStarted,
    QuoteAccepted,
    QuoteDeclined,
    QuoteExpired,
)
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.records import Key
from coachway.core.runtime import clock
from coachway.core.schemas import Note, RequestSchema, Text
from coachway.pricing import quote_acceptance
from coachway.pricing.quote_model import QUOTE, Quote, QuoteStatus

T = TypeVar("T")

_TRIES: Final = 6

_EVENTS: Final[dict[Status, type[CharterConfirmed | CharterStarted | CharterCompleted]]] = {
    Status.CONFIRMED: CharterConfirmed,
    Status.IN_PROGRESS: CharterStarted,
    Status.COMPLETED: CharterCompleted,
}


class StatusInput(RequestSchema):
    """The status asked for, and why. `accepted_by` is who said yes when a quote is booked without its link."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "booked", "reason": "By phone", "accepted_by": "Dana Lee"}]}
    )

    status: Status
    reason: Note = ""
    accepted_by: Text | None = None


class CancelInput(RequestSchema):
    """Why, and on whose side. Staff say `operator` when the client is not the one who cancels: then all is refunded."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "The event is off", "initiated_by": "client"}]}
    )

    reason: Note = ""
    initiated_by: Annotated[str, Field(pattern="^(client|operator)$")] = "client"


def actor_kind(caller: Caller) -> Actor:
    """In which capacity a caller acts."""
    if caller.role == "client":
        return Actor.CLIENT
    return Actor.SYSTEM if caller.role == "system" else Actor.STAFF


def change_status(caller: Caller, charter_id: str, body: StatusInput, expected: int | None = None) -> Charter:
    """Take the step that is asked for. Raises Conflict when it does not follow, or its conditions are not met;
    Forbidden for a cancellation by who may not cancel.
    """
    if body.status is Status.CANCELLED:
        caller.require("charters:cancel")
    before = get_charter(caller, charter_id, expected=expected)
    require_transition(before.status, body.status, actor_kind(caller))
    match body.status:
        case Status.BOOKED:
            return book(caller, before, body.accepted_by or "staff", body.reason)
        case Status.DECLINED:
            return decline(caller, before, body.reason)
        case Status.EXPIRED:
            return expire(caller, before)
        case Status.CANCELLED:
            return commit_cancellation(caller, before, body.reason, "operator")
        case _:
            return _commit_manual_status(caller, before, body)


def _commit_manual_status(caller: Caller, before: Charter, body: StatusInput) -> Charter:
    """What otherwise follows from vehicles, drivers and vendors, said by a person."""
    open_ones = before.uncovered_vehicles if body.status is not Status.COMPLETED else []
    if open_ones:
        _require_override(caller, open_ones, body.reason)
    conditions = _departure_conditions(before) if body.status is Status.IN_PROGRESS else []
    overridden = {"uncovered": open_ones} if open_ones else {}
    told = _EVENTS[body.status](**event_payloads.charter_event_fields(before), reason=body.reason, **overridden)
    return _commit_transition(caller, before, body.status, body.reason, [told], conditions)


def _require_override(caller: Caller, open_ones: Sequence[int], reason: str) -> None:
    """Raises Conflict unless the caller may go ahead though nobody runs these vehicles; Invalid if not saying why."""
    which = f"vehicle{'s' if len(open_ones) > 1 else ''} {', '.join(map(str, open_ones))}"
    if "charters:override" not in caller.permissions:
        said = f"nobody runs {which}: assign a driver or award it, or have a manager confirm it with a reason"
        raise errors.Conflict(said, title="this charter has vehicles that nobody runs")
    if not reason.strip():
        raise errors.Invalid.field("reason", f"say why it goes ahead though nobody runs {which}")


def _departure_conditions(charter: Charter) -> list[Op]:
    # Papers come with it, which every other request does without at a cold start.
    from coachway.bookings.charters import departure_check

    return departure_check.departure_checks(charter)


def book(
    caller: Caller,
    before: Charter,
    accepted_by: str,
    reason: str = "",
    *,
    answer: BaseModel | None = None,
    found: store.BatchResult | None = None,
    **more: Any,
) -> Charter:
    """Book a quote. Raises Conflict when a warning blocks it, its promo code is used up, or it was answered already.

    `answer` is what the caller is told, where that is not the charter; `found` has what `sides` names, if it was read.
    """
    after, ops = booking_ops(caller, before, accepted_by, reason, found=found, **more)
    store.commit(caller, *ops, answer=answer or after)
    return after


def booking_ops(
    caller: Caller,
    before: Charter,
    accepted_by: str,
    reason: str = "",
    *,
    found: store.BatchResult | None = None,
    **more: Any,
) -> tuple[Charter, list[Op]]:
    """The booked charter, and the ops that make it so: in a transaction of its own, or in that of its deposit.

    A client that has accepted already has used its promo code then. Raises Conflict as `book` does.
    """
    require_transition(before.status, Status.BOOKED, Actor.CLIENT if before.is_accepted else actor_kind(caller))
    require_bookable(before)
    client_key, quote_key = client_and_quote_keys(before)
    found = found or store.batch_get([client_key, quote_key])
    client, quote = require_client(found.find(Client, client_key)), found.get(Quote, quote_key)
    said: dict[str, Any] = {"accepted_by": accepted_by, "accepted_at": clock.now()}
    told: list[Event] = [quote_accepted_event(before, accepted_by)]
    ops = quote_acceptance.acceptance_ops(caller, quote)
    if before.is_accepted:
        said, told, ops = {}, [], []
    owed = before.quote.total - before.amount_paid if has_terms(client.payment_terms) else 0
    if owed > 0:
        said["credit_reserved"] = owed
        ops = [*ops, *credit.reserve_ops(client, owed)]
    after = before.model_copy(update={"status": Status.BOOKED, "status_reason": reason, **said, **more})
    told.append(
        CharterBooked(**event_payloads.client_event_fields(after, client), accepted_by=after.accepted_by or accepted_by)
    )
    moves = status_counts.count_changes_op(before.org_id, [before], [after])
    return after, [Update(before, after, told, lost=CharterChanged()), *ops, moves]


def client_and_quote_keys(charter: Charter) -> tuple[Key, Key]:
    """Where a charter's client and its quote lie."""
    return CLIENT.key(org=charter.org_id, id=charter.client_id), QUOTE.key(org=charter.org_id, id=charter.quote.id)


def quote_accepted_event(charter: Charter, accepted_by: str) -> QuoteAccepted:
    """That a quote was accepted."""
    return QuoteAccepted(
        **event_payloads.charter_event_fields(charter), quote_id=charter.quote.id, accepted_by=accepted_by
    )


def require_client(client: Client | None) -> Client:
    """Raises Conflict when a quote's client was removed."""
    if client is None:
        raise errors.Conflict("its client was removed", title="this quote cannot be booked as it is")
    return client


def require_bookable(charter: Charter) -> None:
    """Raises Conflict while a warning, such as illegal driving hours, keeps a quote from being booked."""
    if charter.quote.blocking:
        why = " ".join(warning.message for warning in charter.quote.blocking)
        raise errors.Conflict(why, title="this quote cannot be booked as it is")


def decline(caller: Caller, before: Charter, reason: str, *, answer: BaseModel | None = None) -> Charter:
    """The client does not want it."""
    require_transition(before.status, Status.DECLINED, actor_kind(caller))
    told = QuoteDeclined(
        **event_payloads.client_event_fields(before, _find_client(before)), quote_id=before.quote.id, reason=reason
    )
    return _commit_transition(
        caller, before, Status.DECLINED, reason, [told], _quote_ops(before, "declined"), answer=answer
    )


def expire(caller: Caller, before: Charter) -> Charter:
    """Nobody answered in time."""
    require_transition(before.status, Status.EXPIRED, actor_kind(caller))
    told = QuoteExpired(**event_payloads.charter_event_fields(before), quote_id=before.quote.id)
    return _commit_transition(caller, before, Status.EXPIRED, "", [told], _quote_ops(before, "expired"))


def cancel(caller: Caller, charter_id: str, body: CancelInput, *, preview: bool) -> Cancellation:
    """Cancel a charter, or say what that would refund. A client may cancel its own only, and only as the client.

    Raises Missing, Conflict when it has started or is closed.
    """
    before = get_charter(caller, charter_id)
    if caller.is_outside and caller.party_id != before.client_id:
        raise errors.NotFound("there is no such charter")
    side = "client" if caller.is_outside else body.initiated_by
    require_transition(before.status, Status.CANCELLED, actor_kind(caller))
    if preview:
        return _cancellation_terms(before, body.reason, side, preview=True)
    after = commit_cancellation(caller, before, body.reason, side)
    if after.cancellation is None:
        raise errors.Conflict("the cancellation was not recorded")
    return after.cancellation


def commit_cancellation(caller: Caller, before: Charter, reason: str, side: str) -> Charter:
    """The charter, cancelled on the side of `client` or `operator`."""
    terms = _cancellation_terms(before, reason, side, preview=False)
    told = CharterCancelled(
        **event_payloads.client_event_fields(before, _find_client(before)),
        reason=reason,
        initiated_by=side,
        refund_percent=terms.refund_percent,
        refund=terms.refund,
    )
    ops = _quote_ops(before, "declined") if before.status is Status.QUOTE else []
    if before.credit_reserved:
        ops.append(credit.release_op(before.org_id, before.client_id, before.credit_reserved))
    changed = {"cancellation": terms, "credit_reserved": 0}
    return _commit_transition(caller, before, Status.CANCELLED, reason, [told], ops, answer=terms, **changed)


def _cancellation_terms(charter: Charter, reason: str, side: str, *, preview: bool) -> Cancellation:
    now = clock.now()
    percent = cancellation_policy.refund_percent(
        charter.starts_at, now, Actor.CLIENT if side == "client" else Actor.STAFF
    )
    return Cancellation(
        preview=preview,
        initiated_by=side,
        hours_left=round((charter.starts_at - now).total_seconds() / 3600, 2),
        refund_percent=percent,
        amount_paid=charter.amount_paid,
        refund=cancellation_policy.refund_amount(charter.amount_paid, percent),
        currency=charter.quote.currency,
        reason=reason,
    )


def _commit_transition(
    caller: Caller,
    before: Charter,
    status: Status,
    reason: str,
    told: Sequence[Event],
    ops: Sequence[Op] = (),
    *,
    answer: BaseModel | None = None,
    **more: Any,
) -> Charter:
    after = before.model_copy(update={"status": status, "status_reason": reason, **more})
    moves = status_counts.count_changes_op(caller.org_id, [before], [after])
    store.commit(caller, Update(before, after, told, lost=CharterChanged()), *ops, moves, answer=answer)
    return after


def confirm_ops(caller: Caller, before: Charter, reason: str, **more: Any) -> list[Op]:
    """The ops by which a booked charter is confirmed, in the transaction that gives it its vehicles or vendors."""
    return _transition_ops(caller, before, Status.CONFIRMED, reason, **more)


def start_ops(caller: Caller, before: Charter, reason: str, **more: Any) -> list[Op]:
    """The ops by which a confirmed charter is under way, in the transaction of its first departure."""
    return _transition_ops(caller, before, Status.IN_PROGRESS, reason, **more)


def complete_ops(caller: Caller, before: Charter, reason: str, **more: Any) -> list[Op]:
    """The ops by which a charter under way is completed, in the transaction of its last drop-off."""
    return _transition_ops(caller, before, Status.COMPLETED, reason, **more)


def _transition_ops(caller: Caller, before: Charter, status: Status, reason: str, **more: Any) -> list[Op]:
    require_transition(before.status, status, actor_kind(caller))
    after = before.model_copy(update={"status": status, "status_reason": reason, **more})
    told = _EVENTS[status](**event_payloads.charter_event_fields(after), reason=reason)
    return [
        Update(before, after, [told], lost=CharterChanged()),
        status_counts.count_changes_op(caller.org_id, [before], [after]),
    ]


def retry_on_charter_change(read: Callable[[], Charter], act: Callable[[Charter], T]) -> T:
    """`act` on what `read` finds, again when somebody else changed it in between; `act` judges what it is given."""
    for _ in range(_TRIES - 1):
        try:
            return act(read())
        except CharterChanged:
            continue
    return act(read())


def _find_client(charter: Charter) -> Client | None:
    return store.find(Client, CLIENT.key(org=charter.org_id, id=charter.client_id))


def _quote_ops(charter: Charter, status: QuoteStatus) -> list[Op]:
    quote = store.find(Quote, QUOTE.key(org=charter.org_id, id=charter.quote.id))
    return [quote_acceptance.set_status_op(quote, status)] if quote is not None else []
