"""Assigns leads that wait for an agent, and expires proposals. Runs every five minutes."""

from coachway.core.entrypoints import timer
from coachway.sales.leads import waiting
from coachway.sales.proposals import expiry_job

handler = timer.timer_handler({"waiting_leads": waiting.run, "proposals": expiry_job.run})
