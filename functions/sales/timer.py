"""Assigns leads that wait for an agent, expires proposals, and makes leads of last year's trips. Every five minutes."""

from coachway.core.entrypoints import timer
from coachway.sales.leads import waiting
from coachway.sales.proposals import expiry_job
from coachway.sales.requotes import requote_job

handler = timer.timer_handler({"waiting_leads": waiting.run, "proposals": expiry_job.run, "requotes": requote_job.run})
