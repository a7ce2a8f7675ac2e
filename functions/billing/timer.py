"""Starts collections and invoicing runs, and marks invoices and payables that are due. Runs every five minutes."""

from coachway.billing.collections import schedule as collection_schedule
from coachway.billing.invoices import overdue_job
from coachway.billing.invoicing_runs import schedule as invoicing_run_schedule
from coachway.billing.payables import due_job
from coachway.core.entrypoints import timer

handler = timer.timer_handler(
    {
        "collections": collection_schedule.run,
        "payables": due_job.run,
        "invoices": overdue_job.run,
        "invoicing": invoicing_run_schedule.run,
    }
)
