"""Releasing awards: by a manager, or because the charter was cancelled."""

from functools import partial
from typing import Final

from coachway.bids import bidding_context, event_payloads, service, visibility
from coachway.bids.errors import AwardNotReleasable
from coachway.bids.model.bid import Bid
from coachway.bids.rules import BidStatus
from coachway.bids.schemas import BidView, ReleaseInput
from coachway.bookings.charters import coverage
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.contracts.bids import AwardReleased
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock

_NOT_STARTED: Final = frozenset({CharterStatus.QUOTE, CharterStatus.BOOKED, CharterStatus.CONFIRMED})


def release_award(caller: Caller, bid_id: str, body: ReleaseInput) -> BidView:
    """Release an award: its vehicles can be awarded again, and its vendor is notified and not paid for it.

    Raises NotFound, AwardNotReleasable, VehiclesHaveDrivers.
    """
    return retry_on_conflict(lambda: _release(caller, bid_id, body))()


def _release(caller: Caller, bid_id: str, body: ReleaseInput) -> BidView:
    bid = service.get_bid(caller, bid_id)
    if bid.status is not BidStatus.ACCEPTED or bid.award_released_at is not None:
        state = "was released before" if bid.award_released_at is not None else f"is {bid.status.value}"
        raise AwardNotReleasable(f"This bid {state}.")
    charter = store.get(Charter, CHARTER.key(org=caller.org_id, id=bid.charter_id))
    if charter.status not in _NOT_STARTED:
        raise AwardNotReleasable(f"This charter is {charter.status.value}. Its awards cannot be released.")
    after = _build_released(bid, body.reason, body.message_to_vendor)
    request = bidding_context.find_request(caller.org_id, bid.bid_request_id)
    build_response = partial(visibility.build_bid_view, caller, after, request)
    ops = [_release_op(bid, after), *coverage.release_vendor_ops(charter, bid.id)]
    store.commit(caller, *ops, response=build_response)
    return build_response()


def _build_released(bid: Bid, reason: str, message: str) -> Bid:
    changes = {"award_released_at": clock.now(), "award_release_reason": reason, "message_to_vendor": message}
    return bid.model_copy(update=changes)


def _release_op(before: Bid, after: Bid) -> Op:
    fields = event_payloads.bid_event_fields(after)
    event = AwardReleased(**fields, reason=after.award_release_reason, message_to_vendor=after.message_to_vendor)
    return Update(before, after, [event])


def release_awards(caller: Caller, charter_id: str, reason: str) -> None:
    """Release all awards of a charter that will not take place. Each vendor is notified once."""
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    if charter is not None:
        bid_ids = [cover.bid_id for cover in charter.vehicles if cover.bid_id is not None]
    else:  # The charter was deleted, and with it the vendors of its vehicles.
        bid_ids = [
            bid.id
            for bid in bidding_context.list_bids_of_charter(caller.org_id, charter_id)
            if bid.status is BidStatus.ACCEPTED
        ]
    for bid_id in dict.fromkeys(bid_ids):
        retry_on_conflict(partial(_release_for_charter, caller, bid_id, reason))()


def _release_for_charter(caller: Caller, bid_id: str, reason: str) -> None:
    bid = service.get_bid(caller, bid_id)
    if bid.award_released_at is None:
        store.commit(caller, _release_op(bid, _build_released(bid, reason, message=f"{reason}.")))
