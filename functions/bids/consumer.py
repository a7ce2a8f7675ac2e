"""Resumes the bidding workflow on events of bid requests, and updates bids on events of charters."""

from typing import Final

from coachway.bids import erasure
from coachway.bids.requests import consumers as request_consumers
from coachway.core.entrypoints import event_consumer

CONSUMERS: Final = {**request_consumers.CONSUMERS, **erasure.CONSUMERS}

handler = event_consumer.event_handler("bids", CONSUMERS)
