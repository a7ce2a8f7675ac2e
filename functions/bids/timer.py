"""Expires bids that were not decided on. Runs every five minutes."""

from coachway.bids import expiry_job
from coachway.core.entrypoints import timer

handler = timer.timer_handler({"expired_bids": expiry_job.run})
