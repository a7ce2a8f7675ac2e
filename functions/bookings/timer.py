"""Reminds clients of quotes, expires quotes, and publishes the pending events of recurring series."""

from coachway.bookings.quotes import expiry_job, reminder_job
from coachway.bookings.series import delivery_job
from coachway.core.entrypoints import timer

handler = timer.timer_handler({"quotes": expiry_job.run, "reminders": reminder_job.run, "delivered": delivery_job.run})
