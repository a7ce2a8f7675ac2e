"""What is counted of bids is what their events say."""

from __future__ import annotations

from coachway.bids import events
from coachway.vendors import counting


def test_bids_that_are_submitted_won_and_lost_count_for_their_vendor() -> None:
    for event in (events.BidSubmitted, events.BidAccepted, events.BidRejected):
        assert event.TYPE in counting.COUNTED
        assert set(counting.OfVendor.model_fields) <= set(event.model_fields)
