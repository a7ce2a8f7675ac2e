"""Assigns leads that wait for an agent. Runs every five minutes."""

from coachway.core.entrypoints import timer
from coachway.sales.leads import waiting

handler = timer.timer_handler({"waiting_leads": waiting.run})
