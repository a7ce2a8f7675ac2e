"""Expires quotes and publishes the pending events of recurring series. Runs every five minutes."""

from coachway.bookings.quotes import expiry_job
from coachway.bookings.series import delivery_job
from coachway.core.entrypoints import timer

handler = timer.timer_handler({"quotes": expiry_job.run, "delivered": delivery_job.run})
