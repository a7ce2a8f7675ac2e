"""List, extend and end holds. `placement` places them.

A hold is also in the diary of each vehicle, under the same conditions as an assignment. So of two holds that conflict,
or of a hold and an assignment, only one can be committed. A hold that has expired is ignored before the timer ends it.
"""

from datetime import UTC, datetime
from typing import Any

from coachway.bookings.charters.model import CHARTER, Charter
from coachway.contracts.dispatch.holds import HoldEnded, HoldExtended
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.queries import query_page
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PageQuery
from coachway.dispatch.assignments.rules import list_iso_weeks
from coachway.dispatch.diaries import service as diaries
from coachway.dispatch.diaries.hold_ops import replace_hold_ops
from coachway.dispatch.diaries.model import HoldBlock
from coachway.dispatch.diaries.service import Diary
from coachway.dispatch.errors import HoldNotActive
from coachway.dispatch.holds import rules
from coachway.dispatch.holds.model import HOLD, OF_CHARTER, Hold, HoldExtension
from coachway.dispatch.holds.rules import HoldStatus


def require_expiry(held_until: datetime, departs_at: datetime, now: datetime) -> None:
    """Raise Invalid if a hold cannot end at this time."""
    reason = rules.expiry_reason(held_until, departs_at, now)
    if reason is not None:
        raise errors.Invalid.field("held_until", reason)


def list_holds(caller: Caller, charter_id: str, query: PageQuery) -> Page[Hold]:
    """List the holds of a charter, oldest first. One read and one query. Raises NotFound."""
    charter = store.get(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    return query_page(Hold, OF_CHARTER, [OF_CHARTER.partition(org=caller.org_id, charter=charter.id)], query)


def get_hold(caller: Caller, charter_id: str, hold_id: str, *, expected: int | None = None) -> Hold:
    """Get a hold of a charter. Raises NotFound, or PreconditionFailed if the version is not `expected`."""
    hold = store.get(Hold, HOLD.key(org=caller.org_id, id=hold_id), expected=expected)
    if hold.charter_id != charter_id:
        raise errors.NotFound("The hold was not found.")
    return hold


def extend_hold(caller: Caller, charter_id: str, hold_id: str, request: HoldExtension, expected: int | None) -> Hold:
    """Change when a hold expires. Two reads and the commit. Raises NotFound, Invalid and HoldNotActive."""

    @retry_on_conflict
    def attempt_update() -> Hold:
        before = get_hold(caller, charter_id, hold_id, expected=expected)
        now = clock.now()
        if before.status is not HoldStatus.ACTIVE or before.held_until <= now:
            raise HoldNotActive("The hold is over. Hold the vehicles again.")
        require_expiry(request.held_until, before.departs_at, now)
        return _store_expiry(caller, before, request.held_until)

    return attempt_update()


def _store_expiry(caller: Caller, before: Hold, held_until: datetime) -> Hold:
    after = before.model_copy(update={"held_until": held_until.astimezone(UTC)})
    ops: list[Op] = [Update(before, after, [HoldExtended(**event_fields(after))])]
    for diary in _load_diaries(before):
        block = _find_block(diary, before.id)
        if block is not None:
            ops += replace_hold_ops(diary, before.id, block.model_copy(update={"held_until": after.held_until}))
    store.commit(caller, *ops)
    return after


def release_hold(caller: Caller, charter_id: str, hold_id: str, expected: int | None) -> Hold:
    """Release a hold, so that other charters can get its vehicles. Two reads and the commit. Raises HoldNotActive."""

    @retry_on_conflict
    def attempt_release() -> Hold:
        before = get_hold(caller, charter_id, hold_id, expected=expected)
        if before.status is not HoldStatus.ACTIVE:
            raise HoldNotActive(f"The hold is {before.status} already.")
        return end_hold(caller, before, HoldStatus.RELEASED)

    return attempt_release()


def end_hold(caller: Caller, before: Hold, status: HoldStatus) -> Hold:
    """End an active hold. One read and the commit. Raises ConcurrentUpdate."""
    rules.TRANSITIONS.require(before.status, status)
    after = before.model_copy(update={"status": status, "ended_at": clock.now()})
    ops: list[Op] = [Update(before, after, [HoldEnded(**event_fields(after), status=status.value)])]
    for diary in _load_diaries(before):
        ops += replace_hold_ops(diary, before.id, None)
    store.commit(caller, *ops)
    return after


@retry_on_conflict
def extend_until_departure(caller: Caller, hold_id: str) -> None:
    """Keep the vehicles of an active hold until the departure."""
    hold = store.get(Hold, HOLD.key(org=caller.org_id, id=hold_id))
    if hold.status is HoldStatus.ACTIVE and clock.now() < hold.held_until < hold.departs_at:
        _store_expiry(caller, hold, hold.departs_at)


@retry_on_conflict
def end_if_active(caller: Caller, hold_id: str, status: HoldStatus) -> None:
    """End a hold that is still active."""
    hold = store.get(Hold, HOLD.key(org=caller.org_id, id=hold_id))
    if hold.status is HoldStatus.ACTIVE:
        end_hold(caller, hold, status)


def _load_diaries(hold: Hold) -> list[Diary]:
    """Load the diary pages of a hold. One read."""
    weeks = list_iso_weeks(hold.starts_at, hold.ends_at)
    vehicle_ids = [held.vehicle_id for held in hold.vehicles]
    batch = store.batch_get([key for each in vehicle_ids for key in diaries.page_keys(hold.org_id, each, weeks)])
    return [diaries.build_diary(batch, hold.org_id, each, weeks) for each in vehicle_ids]


def _find_block(diary: Diary, hold_id: str) -> HoldBlock | None:
    blocks = (hold for page in diary.pages.values() for hold in page.holds)
    return next((hold for hold in blocks if hold.assignment_id == hold_id), None)


def event_fields(hold: Hold) -> dict[str, Any]:
    """Return the fields of every event of a hold."""
    return {
        "hold_id": hold.id,
        "charter_id": hold.charter_id,
        "number": hold.charter_number,
        "vehicle_ids": [held.vehicle_id for held in hold.vehicles],
        "held_until": hold.held_until,
    }
