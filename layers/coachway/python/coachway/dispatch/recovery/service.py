"""Open, read and cancel recoveries, and answer their offers.

Events are imported where they are needed, which keeps cold starts of readers short.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.queries import query_by_month, query_page
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import Page
from coachway.core.types import ids
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.errors import OfferNotOpen, RecoveryAlreadyOpen, RecoveryNotNeeded
from coachway.dispatch.recovery import visibility
from coachway.dispatch.recovery.event_payloads import recovery_event_fields, recovery_offer
from coachway.dispatch.recovery.model import (
    BY_MONTH,
    OF_CHARTER,
    OFFERED_TO,
    RECOVERY,
    Offer,
    Recovery,
    RecoveryInput,
    RecoveryQuery,
)
from coachway.dispatch.recovery.rules import (
    TRANSITIONS,
    OfferStatus,
    RecoveryReason,
    RecoveryStatus,
    not_needed_reason,
)


def open_recovery(caller: Caller, request: RecoveryInput) -> Recovery:
    """Open a recovery; its workflow finds a replacement. Two reads and the commit.

    Raises NotFound, and Conflict when no replacement is needed, or a recovery is open already.
    """
    return _attempt_open(caller, request)


@retry_on_conflict
def _attempt_open(caller: Caller, request: RecoveryInput, *, is_automatic: bool = False) -> Recovery:
    from coachway.contracts.dispatch.recovery import RecoveryOpened

    before = repository.get_assignment(caller, request.assignment_id)
    not_needed = not_needed_reason(request.reason, before)
    if not_needed:
        raise RecoveryNotNeeded(not_needed)
    if is_automatic and not _is_booked(before):
        raise RecoveryNotNeeded("The charter of this assignment is not booked.")
    last_recovery = _find_last_recovery(before)
    if last_recovery is not None and (
        not last_recovery.status.is_over or (is_automatic and _is_already_handled(last_recovery, request.reason))
    ):
        raise RecoveryAlreadyOpen(f"Recovery {last_recovery.id} is {last_recovery.status}. Cancel it first.")
    recovery = Recovery(
        id=ids.new("rcv"),
        org_id=caller.org_id,
        charter_id=before.charter_id,
        charter_number=before.charter_number,
        vehicle_number=before.vehicle_number,
        assignment_id=before.id,
        driver_id=before.driver_id,
        driver_name=before.driver_name,
        vehicle_id=before.vehicle_id,
        vehicle_name=before.vehicle_name,
        vendor_id=before.vendor_id,
        timezone=before.timezone,
        pickup_at=before.pickup_at,
        pickup=before.stops[0].address,
        dropoff=before.stops[-1].address,
        reason=request.reason,
        notes=request.notes,
        message_to_driver=request.message_to_driver,
        opened_by=caller.user_id,
    )
    after = before.model_copy(update={"recovery_id": recovery.id})
    event = RecoveryOpened(**recovery_event_fields(recovery), notes=request.notes)
    store.commit(caller, Create(recovery, [event]), Update(before, after))
    return recovery


def _is_booked(assignment: Assignment) -> bool:
    """Whether the charter is booked: drivers need not check in for a trip that is only quoted."""
    charter = store.find(Charter, CHARTER.key(org=assignment.org_id, id=assignment.charter_id))
    return charter is not None and charter.status in {
        CharterStatus.BOOKED,
        CharterStatus.CONFIRMED,
        CharterStatus.IN_PROGRESS,
    }


def _find_last_recovery(assignment: Assignment) -> Recovery | None:
    if assignment.recovery_id is None:
        return None
    return store.find(Recovery, RECOVERY.key(org=assignment.org_id, id=assignment.recovery_id))


def _is_already_handled(previous: Recovery, reason: RecoveryReason) -> bool:
    """Whether a previous recovery prevents another one from being opened automatically.

    After an escalation the dispatcher decides; a recovery that was cancelled is not opened again for the same reason.
    """
    return previous.status is not RecoveryStatus.CANCELLED or previous.reason is reason


def open_automatically(caller: Caller, assignment_id: str, reason: RecoveryReason) -> None:
    """Open a recovery automatically; do nothing if it is not needed or one was opened before."""
    request = RecoveryInput(assignment_id=assignment_id, reason=reason)
    try:
        _attempt_open(caller, request, is_automatic=True)
    except errors.ConcurrentUpdate:
        raise
    except (errors.Conflict, errors.NotFound):
        return


def get_recovery(caller: Caller, recovery_id: str) -> Recovery:
    """Get a recovery. Vendors see those of their trips, drivers those offered to them. Raises NotFound."""
    recovery = store.get(Recovery, RECOVERY.key(org=caller.org_id, id=recovery_id))
    if not visibility.can_see(caller, recovery):
        raise errors.NotFound("The recovery was not found.")
    return visibility.hide_restricted_fields(caller, recovery)


def list_recoveries(caller: Caller, query: RecoveryQuery) -> Page[Recovery]:
    """List recoveries, newest first; for a driver, those that wait for their answer. One query for each month."""
    where: dict[str, str | int | bool] = {"status": query.status.value} if query.status else {}
    if caller.role == "driver":
        partition = OFFERED_TO.partition(org=caller.org_id, driver=caller.party_id)
        page = query_page(Recovery, OFFERED_TO, [partition], query, where=where, descending=True)
    elif caller.is_external:
        return Page(items=[])
    elif query.charter_id is not None:
        partition = OF_CHARTER.partition(org=caller.org_id, charter=query.charter_id)
        page = query_page(Recovery, OF_CHARTER, [partition], query, where=where, descending=True)
    else:
        page = query_by_month(Recovery, BY_MONTH, caller, query, where=where)
    items = [visibility.hide_restricted_fields(caller, recovery) for recovery in page.items]
    return Page(items=items, next_cursor=page.next_cursor)


def accept_offer(caller: Caller, recovery_id: str, offer_id: str | None = None) -> Recovery:
    """Accept an offer: the driver takes the trip over, in one transaction. Staff can accept on behalf of a driver.

    Raises Conflict when the offer is not open, or the driver or vehicle is no longer available: then the next driver
    is asked.
    """
    # Imported here: it imports the eligibility rules, which other routes need not load at a cold start.
    from coachway.dispatch.recovery import replacement

    @retry_on_conflict
    def attempt_update() -> Recovery:
        before = _get_offered(caller, recovery_id, offer_id)
        try:
            return replacement.replace_crew(caller, before)
        except errors.ConcurrentUpdate:
            raise
        except errors.Conflict as conflict:
            # The error is the response to this request, so this commit must not store another one.
            _answer_offer(
                caller.without_idempotency(),
                recovery_id,
                before.offers[-1].id,
                OfferStatus.UNAVAILABLE,
                conflict.detail,
            )
            raise

    return attempt_update()


def decline_offer(caller: Caller, recovery_id: str, reason: str, offer_id: str | None = None) -> Recovery:
    """Decline an offer; the next driver is asked. Staff can decline on behalf of a driver, with the offer's id."""
    return _answer_offer(caller, recovery_id, offer_id, OfferStatus.DECLINED, reason)


def _get_offered(caller: Caller, recovery_id: str, offer_id: str | None) -> Recovery:
    recovery = store.get(Recovery, RECOVERY.key(org=caller.org_id, id=recovery_id))
    if not visibility.can_see(caller, recovery):
        raise errors.NotFound("The recovery was not found.")
    TRANSITIONS.require(recovery.status, RecoveryStatus.RECOVERED)
    if recovery.offer is None or (caller.role == "driver" and recovery.offer.driver_id != caller.party_id):
        raise OfferNotOpen("The offer was answered or has expired.")
    if offer_id is not None and recovery.offer.id != offer_id:
        raise OfferNotOpen("The offer was answered or has expired.")
    return recovery


def _answer_offer(caller: Caller, recovery_id: str, offer_id: str | None, status: OfferStatus, reason: str) -> Recovery:
    from coachway.contracts.dispatch.recovery import RecoveryDeclined

    @retry_on_conflict
    def attempt_update() -> Recovery:
        before = _get_offered(caller, recovery_id, offer_id)
        after = close_open_offer(before, status, reason, clock.now())
        event = RecoveryDeclined(**recovery_event_fields(after), offer=recovery_offer(after.offers[-1]), why=reason)
        build_response = partial(visibility.hide_restricted_fields, caller, after)
        store.commit(caller, Update(before, after, [event]), response=build_response)
        return build_response()

    return attempt_update()


def close_open_offer(before: Recovery, status: OfferStatus, reason: str, moment: datetime) -> Recovery:
    """Return the recovery with its open offer answered."""
    open_offer: Offer = before.offers[-1]
    answered_offer = open_offer.model_copy(update={"status": status, "reason": reason, "answered_at": moment})
    return before.model_copy(update={"offers": [*before.offers[:-1], answered_offer]})


def cancel_recovery(caller: Caller, recovery_id: str, reason: str) -> Recovery:
    """Cancel a recovery. Raises InvalidStatusTransition when it is over."""
    from coachway.contracts.dispatch.recovery import RecoveryCancelled

    return end_recovery(
        caller,
        recovery_id,
        RecoveryStatus.CANCELLED,
        reason,
        lambda after: RecoveryCancelled(**recovery_event_fields(after), why=reason),
    )


def end_recovery(
    caller: Caller,
    recovery_id: str,
    status: RecoveryStatus,
    reason: str,
    build_event: Callable[[Recovery], Event],
    *ops: Op,
) -> Recovery:
    """End a recovery, and withdraw an open offer. `ops` join the same transaction."""

    @retry_on_conflict
    def attempt_update() -> Recovery:
        before = store.get(Recovery, RECOVERY.key(org=caller.org_id, id=recovery_id))
        TRANSITIONS.require(before.status, status)
        now = clock.now()
        after = close_open_offer(before, OfferStatus.WITHDRAWN, reason, now) if before.offer is not None else before
        changes = {"status": status, "status_reason": reason, "ended_at": now, "failure": None}
        after = after.model_copy(update=changes)
        store.commit(caller, Update(before, after, [build_event(after)]), *ops)
        return after

    return attempt_update()
