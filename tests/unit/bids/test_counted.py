"""What is counted of bids is what their events say."""

from __future__ import annotations

from coachway.contracts import bids as bid_events
from coachway.vendors import statistics_counters


def test_bids_that_are_submitted_won_and_lost_count_for_their_vendor() -> None:
    for event in (bid_events.BidSubmitted, bid_events.BidAccepted, bid_events.BidRejected):
        assert event.TYPE in statistics_counters.COUNTED
        assert set(statistics_counters.OfVendor.model_fields) <= set(event.model_fields)
