"""Accept, decline or release an assignment.

Events are imported where they are needed, which keeps cold starts of readers short.
"""

from functools import partial

from coachway.bookings.charters import coverage
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.party_reference import DRIVER
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.store import BatchResult
from coachway.dispatch.assignments import event_payloads as assignment_event_payloads
from coachway.dispatch.assignments import repository, visibility
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import TRANSITIONS, AssignmentStatus, list_iso_weeks
from coachway.dispatch.assignments.schemas import ReleaseInput
from coachway.dispatch.diaries import service as diaries
from coachway.dispatch.errors import DeclineTooLate, TripUnderWay
from coachway.fleet.model import Driver


def accept_assignment(caller: Caller, assignment_id: str) -> Assignment:
    """Accept an assignment. Staff can accept on behalf of the driver. One read and the commit."""
    from coachway.contracts.dispatch.assignments import AssignmentAccepted

    @retry_on_conflict
    def attempt_update() -> Assignment:
        before = repository.get_assignment(caller, assignment_id)
        if before.status is AssignmentStatus.CHECKED_IN:
            raise errors.InvalidStatusTransition("The driver has checked in, which has accepted the assignment.")
        TRANSITIONS.require(before.status, AssignmentStatus.ACCEPTED)
        after = before.model_copy(update={"status": AssignmentStatus.ACCEPTED, "answered_at": clock.now()})
        store.commit(
            caller,
            Update(before, after, [AssignmentAccepted(**assignment_event_payloads.assignment_event_fields(after))]),
        )
        return after

    return attempt_update()


def decline_assignment(caller: Caller, assignment_id: str, reason: str) -> Assignment:
    """Decline an assignment; driver and vehicle become free. Two reads and the commit.

    Raises Conflict once the duty has begun: then the dispatcher opens a recovery.
    """

    @retry_on_conflict
    def attempt_update() -> Assignment:
        before = repository.get_assignment(caller, assignment_id)
        TRANSITIONS.require(before.status, AssignmentStatus.DECLINED)
        if before.starts_at <= clock.now():
            raise DeclineTooLate(
                f"The duty began at {before.starts_at.isoformat(timespec='minutes')}. Call the dispatcher."
            )
        return _end_assignment(caller, before, AssignmentStatus.DECLINED, reason)

    return attempt_update()


def release_assignment(caller: Caller, assignment_id: str, body: ReleaseInput) -> Assignment:
    """Release the driver and the vehicle from a trip; the driver is notified. Two reads and the commit.

    Raises Conflict once the trip is in progress: then open a recovery, which finds a replacement.
    """

    @retry_on_conflict
    def attempt_update() -> Assignment:
        before = repository.get_assignment(caller, assignment_id)
        if before.status is AssignmentStatus.IN_PROGRESS:
            raise TripUnderWay("The vehicle has left its first stop. Open a recovery to find a replacement.")
        TRANSITIONS.require(before.status, AssignmentStatus.RELEASED)
        return _end_assignment(caller, before, AssignmentStatus.RELEASED, body.reason, body.message_to_driver)

    return attempt_update()


def _end_assignment(
    caller: Caller, before: Assignment, status: AssignmentStatus, reason: str, message: str = ""
) -> Assignment:
    after, ops = end_ops(caller, before, status, reason, message=message)
    build_response = partial(visibility.hide_restricted_fields, caller, after)
    store.commit(caller, *ops, response=build_response)
    return build_response()


def end_ops(
    caller: Caller,
    before: Assignment,
    status: AssignmentStatus,
    reason: str,
    *,
    message: str,
    takeover_vehicle_id: str | None = None,
) -> tuple[Assignment, list[Op]]:
    """Return the declined or released assignment, and the operations that store it. One read.

    They remove the assignment from all diaries and from the charter. If the crew is on duty, the block stays in the
    diaries and ends now, because these hours were worked. They fail with ConcurrentUpdate.

    A released driver receives `message`, not the reason. `takeover_vehicle_id` is the vehicle of a crew that takes over
    in the same transaction, which itself writes the charter and the diary of that vehicle.
    """
    from coachway.contracts.dispatch.assignments import AssignmentDeclined, AssignmentReleased

    org_id, week_names = caller.org_id, list_iso_weeks(before.starts_at, before.ends_at)
    charter_key = CHARTER.key(org=org_id, id=before.charter_id)
    driver_keys = [DRIVER.key(org=org_id, id=driver_id) for driver_id in before.crew]
    page_keys = [key for resource in before.resources for key in diaries.page_keys(org_id, resource, week_names)]
    batch = store.batch_get([charter_key, *driver_keys, *page_keys])
    changes = {"status": status, "reason": reason, "message_to_driver": message, "risk_reason": ""}
    after = before.model_copy(update={**changes, "ended_at": clock.now()})
    if status is AssignmentStatus.DECLINED:
        after.answered_at = after.ended_at
    driver, *second_drivers = (batch.find(Driver, key) for key in driver_keys)
    fields = assignment_event_payloads.assignment_event_fields(
        after, driver, second_drivers[0] if second_drivers else None
    )
    event: Event = AssignmentReleased(**fields, reason=reason, message_to_driver=message)
    if status is AssignmentStatus.DECLINED:
        declined_by = caller.party_id if caller.role == "driver" else None
        event = AssignmentDeclined(**fields, reason=reason, declined_by=declined_by)
    ops: list[Op] = [Update(before, after, [event])]
    ops += _free_diary_ops(batch, before, except_resource=takeover_vehicle_id)
    charter = batch.find(Charter, charter_key)
    if charter is not None and takeover_vehicle_id is None:
        ops += coverage.release_assignment_ops(charter, before.id)
    return after, ops


def _free_diary_ops(batch: BatchResult, before: Assignment, *, except_resource: str | None) -> list[Op]:
    ops: list[Op] = []
    for resource in before.resources:
        if resource == except_resource:
            continue
        diary = diaries.build_diary(batch, before.org_id, resource, list_iso_weeks(before.starts_at, before.ends_at))
        is_under_way = before.status.is_under_way
        ops += (
            diaries.truncate_block_ops(diary, before.id, clock.now())
            if is_under_way
            else diaries.remove_block_ops(diary, before.id)
        )
    return ops
