"""Detects trips that are late or have not started, sends reminders, ends holds; archives old positions once a week."""

from coachway.core.entrypoints import timer
from coachway.dispatch.holds import expiry_job
from coachway.dispatch.reminders import reminder_job
from coachway.dispatch.tracking import archive_job, monitor_job

handler = timer.timer_handler(
    {"trips": monitor_job.run, "reminders": reminder_job.run, "holds": expiry_job.run},
    on_request={"archive": archive_job.run},
)
