"""The balances of open invoices, also of organizations that an earlier release stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.billing.invoices import overdue_job, receivables
from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.core import store
from coachway.core.persistence.records import slim_copy_key
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock, settings
from coachway.identity.organizations.service import mark_data_current
from tests.integration import previous_release_data
from tests.integration.billing import builders
from tests.integration.billing.builders import create_completed_charter, send_ok
from tests.integration.bookings.builders import ORG, STAFF

CENTS = 72_650


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 10, 17, tzinfo=UTC)):
        builders.set_up_organization()
        yield


def draft_invoice() -> str:
    return str(send_ok("POST", "/invoices", {"charter_id": create_completed_charter().id})["id"])


def issue_invoice() -> str:
    return str(send_ok("POST", f"/invoices/{draft_invoice()}/issue")["id"])


def pay_invoice(invoice_id: str, amount: float) -> None:
    send_ok("POST", f"/invoices/{invoice_id}/record-payment", {"amount": amount, "method": "cash"})


def get_owed() -> tuple[int, int]:
    """Return what all clients owe, in cents, and the number of DynamoDB calls of the report."""
    before = call_stats.calls
    total = receivables.get_aging_report(STAFF).total.total
    return total, call_stats.calls - before


def remove_slim_copies(dynamodb: Any, invoice_ids: list[str]) -> None:
    """Store an organization as an earlier release stored it."""
    previous_release_data.set_data_version(ORG)
    for invoice_id in invoice_ids:
        key = slim_copy_key(INVOICE.key(org=ORG, id=invoice_id))
        dynamodb.delete_item(TableName=settings.table_name(), Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})


def test_aging_report_follows_invoices_in_two_calls() -> None:
    draft_invoice()
    assert get_owed() == (0, 2)
    invoice_id, voided_id = issue_invoice(), issue_invoice()
    assert get_owed() == (2 * CENTS, 2)
    pay_invoice(invoice_id, 100)
    assert get_owed() == (2 * CENTS - 100_00, 2)
    send_ok("POST", f"/invoices/{voided_id}/void", {"reason": "Wrong"})
    assert get_owed() == (CENTS - 100_00, 2)
    with clock.frozen(datetime(2027, 2, 10, 5, 0, tzinfo=UTC)):
        overdue_job.run()
        assert get_owed() == (CENTS - 100_00, 2)
        pay_invoice(invoice_id, 626.5)
        assert get_owed() == (0, 2)


def test_aging_report_of_earlier_release_is_equal_before_and_after_rebuild(dynamodb: Any) -> None:
    invoice_ids = [issue_invoice() for _ in range(3)]
    with clock.frozen(datetime(2027, 2, 10, 5, 0, tzinfo=UTC)):
        overdue_job.run()
        pay_invoice(invoice_ids[0], 100)
        invoice_ids += [issue_invoice(), draft_invoice()]
        remove_slim_copies(dynamodb, invoice_ids)
        expected = receivables.get_aging_report(STAFF)
        owed, calls = get_owed()
        assert (owed, calls > 2) == (4 * CENTS - 100_00, True)
        before = [store.get(Invoice, INVOICE.key(org=ORG, id=invoice_id)) for invoice_id in invoice_ids]
        assert receivables.refresh_receivables(ORG) == 5
        mark_data_current(ORG)
        assert get_owed() == (owed, 2)
        assert receivables.get_aging_report(STAFF) == expected
        assert [store.get(Invoice, invoice.key()) for invoice in before] == before


def test_invoice_of_earlier_release_that_is_paid_before_rebuild_is_not_owed(dynamodb: Any) -> None:
    invoice_ids = [issue_invoice(), issue_invoice()]
    remove_slim_copies(dynamodb, invoice_ids)
    pay_invoice(invoice_ids[0], 726.5)
    pay_invoice(invoice_ids[1], 0.5)
    assert get_owed()[0] == CENTS - 50
    receivables.refresh_receivables(ORG)
    mark_data_current(ORG)
    assert get_owed() == (CENTS - 50, 2)
