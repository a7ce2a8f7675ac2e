"""Sends reminders before compliance documents expire, and marks expired ones.

Runs every hour; each organization's documents are processed at eight in the morning in its time zone.
"""

from coachway.compliance import expiry_job
from coachway.core.entrypoints import timer

handler = timer.timer_handler({"documents": expiry_job.run})
