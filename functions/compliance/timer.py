"""Sends reminders of compliance documents that expire, and marks those that have. Runs every hour.

What is due in an organization is done in its morning.
"""

from __future__ import annotations

from coachway.compliance import expiry_job
from coachway.core.entrypoints import timer

handler = timer.timer_handler({"documents": expiry_job.run})
