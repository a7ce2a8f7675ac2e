"""Status changes of charters. Each is a conditional transaction: if several run at the same time, one succeeds."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from pydantic import BaseModel

from coachway.bookings.charters import (
    agreed_terms,
    booking_contact,
    cancellation_policy,
    event_payloads,
    quote_link,
    status_counts,
)
from coachway.bookings.charters.cancellation_policy import Cancellation
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.queries import get_charter
from coachway.bookings.charters.rules import Actor, CharterChanged, CharterStatus, require_transition
from coachway.bookings.charters.status_schemas import CancelInput, StatusInput
from coachway.bookings.errors import ClientRemoved, VehiclesUncovered
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
from coachway.core.auth.api_keys import get_person_id
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.records import Key
from coachway.core.runtime import clock
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.pricing import quote_acceptance
from coachway.pricing.quote_model import QUOTE, Quote, QuoteStatus

_EVENTS_BY_STATUS: Final[dict[CharterStatus, type[CharterConfirmed | CharterStarted | CharterCompleted]]] = {
    CharterStatus.CONFIRMED: CharterConfirmed,
    CharterStatus.IN_PROGRESS: CharterStarted,
    CharterStatus.COMPLETED: CharterCompleted,
}


RefundableAmountFinder = Callable[[Charter], int]
"""Returns how much of a charter's payments can be refunded now, in cents. Billing knows it, which imports bookings."""


def actor_kind(caller: Caller) -> Actor:
    """The kind of a caller: client, staff or system."""
    if caller.role == "client":
        return Actor.CLIENT
    return Actor.SYSTEM if caller.role == "system" else Actor.STAFF


def change_status(
    caller: Caller,
    charter_id: str,
    body: StatusInput,
    expected: int | None = None,
    *,
    find_refundable_amount: RefundableAmountFinder,
) -> Charter:
    """Change the status of a charter.

    Raises InvalidStatusTransition, the Conflict of a condition that is not met, or Forbidden if the caller may not
    cancel.
    """
    if body.status is CharterStatus.CANCELLED:
        caller.require("charters:cancel")
    before = get_charter(caller, charter_id, expected=expected)
    require_transition(before.status, body.status, actor_kind(caller))
    match body.status:
        case CharterStatus.BOOKED:
            return book(caller, before, body.accepted_by or "staff", body.reason)
        case CharterStatus.DECLINED:
            return decline(caller, before, body.reason)
        case CharterStatus.EXPIRED:
            return expire(caller, before)
        case CharterStatus.CANCELLED:
            terms = CancelInput(reason=body.reason, initiated_by="operator")
            cancellation = _build_cancellation(before, terms, find_refundable_amount, preview=False)
            return _commit_cancellation(caller, before, cancellation)
        case _:
            return _commit_manual_status(caller, before, body)


def _commit_manual_status(caller: Caller, before: Charter, body: StatusInput) -> Charter:
    """Set a status by hand that is usually set automatically from assignments, awards and positions."""
    uncovered = before.uncovered_vehicles if body.status is not CharterStatus.COMPLETED else []
    if uncovered:
        _require_override(caller, uncovered, body.reason)
    conditions = _departure_conditions(before) if body.status is CharterStatus.IN_PROGRESS else []
    overridden = {"uncovered": uncovered} if uncovered else {}
    event_type = _EVENTS_BY_STATUS[body.status]
    event = event_type(**event_payloads.charter_event_fields(before), reason=body.reason, **overridden)
    return _commit_transition(caller, before, body.status, body.reason, [event], conditions)


def _require_override(caller: Caller, uncovered: Sequence[int], reason: str) -> None:
    """Raise VehiclesUncovered unless the caller may set the status anyway; raise Invalid without a reason."""
    numbers, is_single = ", ".join(map(str, uncovered)), len(uncovered) == 1
    vehicles = f"vehicle {numbers}" if is_single else f"vehicles {numbers}"
    if "charters:override" not in caller.permissions:
        detail = f"Assign or award {vehicles}, or have a manager confirm the charter with a reason."
        raise VehiclesUncovered(detail)
    if not reason.strip():
        verb = "is" if is_single else "are"
        raise errors.Invalid.field("reason", f"is required while {vehicles} {verb} uncovered", "required")


def _departure_conditions(charter: Charter) -> list[Op]:
    # Imported late: only the start of a charter needs compliance documents.
    from coachway.bookings.charters import document_check

    return document_check.require_documents_ops(charter)


def book(
    caller: Caller,
    before: Charter,
    accepted_by: str,
    reason: str = "",
    *,
    response: BaseModel | None = None,
    records: store.BatchResult | None = None,
    **fields: Any,
) -> Charter:
    """Book a quote.

    `response` is what the request returns, by default the charter. `records` are the client, the quote and its link, if
    already read, with the contact and the organization. `fields` sets other fields of the charter.

    Raises InvalidStatusTransition, QuoteNotBookable, PromoCodeUsedUp, ClientRemoved or CreditLimitExceeded.
    """
    after, ops = booking_ops(caller, before, accepted_by, reason, records=records, **fields)
    store.commit(caller, *ops, response=response or after)
    return after


def booking_ops(
    caller: Caller,
    before: Charter,
    accepted_by: str,
    reason: str = "",
    *,
    records: store.BatchResult | None = None,
    proposal: str = "",
    **fields: Any,
) -> tuple[Charter, list[Op]]:
    """The booked charter, and the operations that book it, for its own transaction or a larger one.

    That is the payment of its deposit, or the acceptance of a proposal, whose number is `proposal`.

    A quote that was accepted earlier has already used its promo code. Raises the same errors as `book`.
    """
    require_transition(before.status, CharterStatus.BOOKED, Actor.CLIENT if before.is_accepted else actor_kind(caller))
    if not before.is_accepted:  # otherwise it was bookable when it was accepted, and its deposit is paid
        require_bookable(before)
    client_key, quote_key = client_and_quote_keys(before)
    link_key = quote_link.get_link_key(before)
    organization_key = ORGANIZATIONS.key(org=before.org_id)
    people_keys = booking_contact.people_keys(before)
    records = records or store.batch_get([*people_keys, quote_key, link_key, organization_key])
    client, quote = require_client(records.find(Client, client_key)), records.get(Quote, quote_key)
    changes: dict[str, Any] = {"accepted_by": accepted_by, "accepted_at": clock.now()}
    if before.quote_sent_at is None:  # otherwise the terms are those that the client was shown
        changes |= agreed_terms.current_terms(client, records.get(Organization, organization_key))
    by_client = actor_kind(caller) is Actor.CLIENT
    accepted = before.model_copy(update=changes)
    events: list[Event] = [quote_accepted_event(accepted, client, accepted_by, by_client=by_client, proposal=proposal)]
    ops = quote_acceptance.acceptance_ops(caller, quote)
    if before.is_accepted:
        changes, events, ops = {}, [], []
    amount_owed = before.quote.total - before.amount_paid if has_terms(client.payment_terms) else 0
    if amount_owed > 0:
        changes["credit_reserved"] = amount_owed
        ops = [*ops, *credit.reserve_credit_ops(client, amount_owed)]
    after = before.model_copy(update={"status": CharterStatus.BOOKED, "status_reason": reason, **changes, **fields})
    link_nonce, link_ops = quote_link.link_nonce_ops(after, records.find(quote_link.QuoteLink, link_key))
    deposit = after.amount_paid if before.is_accepted else 0
    contact = booking_contact.find_contact(before, records)
    booking_fields = event_payloads.booking_event_fields(after, client, contact, link_nonce)
    events.append(CharterBooked(**booking_fields, deposit_paid=deposit))
    counts = status_counts.count_changes_op(before.org_id, [before], [after])
    return after, [Update(before, after, events, on_stale=CharterChanged()), *ops, *link_ops, counts]


def client_and_quote_keys(charter: Charter) -> tuple[Key, Key]:
    """The keys of a charter's client and quote."""
    return CLIENT.key(org=charter.org_id, id=charter.client_id), QUOTE.key(org=charter.org_id, id=charter.quote.id)


def quote_accepted_event(
    charter: Charter, client: Client, accepted_by: str, *, by_client: bool, deposit_due: int = 0, proposal: str = ""
) -> QuoteAccepted:
    """The event of an accepted quote. `deposit_due` is in cents, `proposal` the number of an accepted proposal."""
    return QuoteAccepted(
        **event_payloads.charter_event_fields(charter),
        quote_id=charter.quote.id,
        accepted_by=accepted_by,
        client_name=client.name,
        by_client=by_client,
        deposit_due=deposit_due,
        proposal_number=proposal,
        terms_digest=charter.terms_digest,
        cancellation_terms=agreed_terms.describe_cancellation(charter),
    )


def require_client(client: Client | None) -> Client:
    """Return the client. Raises ClientRemoved."""
    if client is None:
        raise ClientRemoved("The quote's client was removed. Quote the trip for another client.")
    return client


def require_bookable(charter: Charter) -> None:
    """Raise QuoteNotBookable if a warning, such as illegal driving hours, blocks the quote."""
    quote_acceptance.require_bookable(charter.quote.warnings)


def decline(caller: Caller, before: Charter, reason: str, *, response: BaseModel | None = None) -> Charter:
    """Decline a quote."""
    _, quote_key = client_and_quote_keys(before)
    records = store.batch_get([*booking_contact.people_keys(before), quote_key])
    after, ops = decline_ops(caller, before, reason, records)
    store.commit(caller, *ops, response=response or after)
    return after


def decline_ops(
    caller: Caller, before: Charter, reason: str, records: store.BatchResult, *, proposal: str = ""
) -> tuple[Charter, list[Op]]:
    """The declined charter, and the operations that decline it.

    `records` are the client, the contact and the quote, `proposal` is the number of an answered proposal.
    """
    require_transition(before.status, CharterStatus.DECLINED, actor_kind(caller))
    client, contact = booking_contact.find_client(before, records), booking_contact.find_contact(before, records)
    event = QuoteDeclined(
        **event_payloads.client_event_fields(before, client, contact),
        quote_id=before.quote.id,
        reason=reason,
        proposal_number=proposal,
    )
    changes = {"status": CharterStatus.DECLINED, "status_reason": reason, "ended_by": get_person_id(caller)}
    after = before.model_copy(update=changes)
    quote = records.find(Quote, QUOTE.key(org=before.org_id, id=before.quote.id))
    quote_ops = [quote_acceptance.set_status_op(quote, "declined")] if quote is not None else []
    counts = status_counts.count_changes_op(caller.org_id, [before], [after])
    return after, [Update(before, after, [event], on_stale=CharterChanged()), *quote_ops, counts]


def expire(caller: Caller, before: Charter) -> Charter:
    """Expire a quote that was not answered in time."""
    require_transition(before.status, CharterStatus.EXPIRED, actor_kind(caller))
    event = QuoteExpired(**event_payloads.charter_event_fields(before), quote_id=before.quote.id)
    return _commit_transition(caller, before, CharterStatus.EXPIRED, "", [event], _quote_ops(before, "expired"))


def cancel(
    caller: Caller,
    charter_id: str,
    body: CancelInput,
    *,
    preview: bool,
    find_refundable_amount: RefundableAmountFinder,
) -> Cancellation:
    """Cancel a charter, or preview the refund. A client may cancel only its own charters, and only as the client.

    Raises NotFound, or InvalidStatusTransition when the charter has started or is closed.
    """
    before = get_charter(caller, charter_id)
    if caller.is_external and caller.party_id != before.client_id:
        raise errors.NotFound("The charter was not found.")
    require_transition(before.status, CharterStatus.CANCELLED, actor_kind(caller))
    terms = CancelInput(reason=body.reason, initiated_by="client") if caller.is_external else body
    cancellation = _build_cancellation(before, terms, find_refundable_amount, preview=preview)
    if not preview:
        _commit_cancellation(caller, before, cancellation, response=cancellation)
    return cancellation


def _commit_cancellation(
    caller: Caller, before: Charter, cancellation: Cancellation, *, response: BaseModel | None = None
) -> Charter:
    event = CharterCancelled(
        **event_payloads.client_event_fields(before, *booking_contact.load_people(before)),
        reason=cancellation.reason,
        initiated_by=cancellation.initiated_by,
        refund_percent=cancellation.refund_percent,
        refund=cancellation.refund,
        message_to_client=cancellation.message_to_client,
        was_booked=before.status is not CharterStatus.QUOTE,
        quote_was_sent=quote_link.was_quote_sent(before),
        revision_was_sent=before.quote_sent_at is not None or before.is_accepted,
    )
    ops = _quote_ops(before, "declined") if before.status is CharterStatus.QUOTE else []
    if before.credit_reserved:
        ops.append(credit.release_credit_op(before.org_id, before.client_id, before.credit_reserved))
    fields = {"cancellation": cancellation, "credit_reserved": 0, "ended_by": get_person_id(caller)}
    return _commit_transition(
        caller, before, CharterStatus.CANCELLED, cancellation.reason, [event], ops, response=response, **fields
    )


def _build_cancellation(
    charter: Charter, terms: CancelInput, find_refundable_amount: RefundableAmountFinder, *, preview: bool
) -> Cancellation:
    now = clock.now()
    actor = Actor.CLIENT if terms.initiated_by == "client" else Actor.STAFF
    percent = cancellation_policy.refund_percent(charter.starts_at, now, actor, agreed_terms.get_tiers(charter))
    refundable = find_refundable_amount(charter) if charter.amount_paid else 0
    return Cancellation(
        preview=preview,
        initiated_by=terms.initiated_by,
        hours_left=round((charter.starts_at - now).total_seconds() / 3600, 2),
        refund_percent=percent,
        amount_paid=charter.amount_paid,
        amount_on_hold=max(0, charter.amount_paid - refundable),
        refund=min(refundable, cancellation_policy.refund_amount(charter.amount_paid, percent)),
        currency=charter.quote.currency,
        reason=terms.reason,
        message_to_client=terms.message_to_client,
    )


def _commit_transition(
    caller: Caller,
    before: Charter,
    status: CharterStatus,
    reason: str,
    events: Sequence[Event],
    ops: Sequence[Op] = (),
    *,
    response: BaseModel | None = None,
    **fields: Any,
) -> Charter:
    after = before.model_copy(update={"status": status, "status_reason": reason, **fields})
    counts = status_counts.count_changes_op(caller.org_id, [before], [after])
    store.commit(caller, Update(before, after, events, on_stale=CharterChanged()), *ops, counts, response=response)
    return after


def confirm_ops(caller: Caller, before: Charter, reason: str, **fields: Any) -> list[Op]:
    """Operations that confirm a booked charter, in the transaction that covers its last vehicle."""
    return _transition_ops(caller, before, CharterStatus.CONFIRMED, reason, **fields)


def start_ops(caller: Caller, before: Charter, reason: str, **fields: Any) -> list[Op]:
    """Operations that start a confirmed charter, in the transaction of its first departure."""
    return _transition_ops(caller, before, CharterStatus.IN_PROGRESS, reason, **fields)


def complete_ops(caller: Caller, before: Charter, reason: str, **fields: Any) -> list[Op]:
    """Operations that complete a charter in progress, in the transaction of its last drop-off."""
    return _transition_ops(caller, before, CharterStatus.COMPLETED, reason, **fields)


def _transition_ops(caller: Caller, before: Charter, status: CharterStatus, reason: str, **fields: Any) -> list[Op]:
    require_transition(before.status, status, actor_kind(caller))
    after = before.model_copy(update={"status": status, "status_reason": reason, **fields})
    event = _EVENTS_BY_STATUS[status](**event_payloads.charter_event_fields(after), reason=reason)
    return [
        Update(before, after, [event], on_stale=CharterChanged()),
        status_counts.count_changes_op(caller.org_id, [before], [after]),
    ]


def _quote_ops(charter: Charter, status: QuoteStatus) -> list[Op]:
    quote = store.find(Quote, QUOTE.key(org=charter.org_id, id=charter.quote.id))
    return [quote_acceptance.set_status_op(quote, status)] if quote is not None else []
