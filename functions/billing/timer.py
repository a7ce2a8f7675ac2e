"""Starts collections and invoicing runs, and marks invoices and payables that are due. Runs every five minutes."""

from coachway.billing.collections import start_job as collection_start_job
from coachway.billing.invoices import overdue_job
from coachway.billing.invoicing_runs import start_job as invoicing_start_job
from coachway.billing.payables import due_job
from coachway.core.entrypoints import timer

handler = timer.timer_handler(
    {
        "collections": collection_start_job.run,
        "payables": due_job.run,
        "invoices": overdue_job.run,
        "invoicing": invoicing_start_job.run,
    }
)
