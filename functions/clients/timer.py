"""Repeats the erasure of clients. Runs every five minutes."""

from coachway.clients import erasure_job
from coachway.core.entrypoints import timer

handler = timer.timer_handler({"erasures": erasure_job.run})
