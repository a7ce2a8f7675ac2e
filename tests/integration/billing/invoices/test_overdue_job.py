"""An invoice becomes overdue once, by the timer or by a partial payment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.billing.invoices import overdue_job
from coachway.billing.invoices.model import INVOICE
from coachway.core import store
from coachway.core.runtime import clock
from tests.integration.billing import builders
from tests.integration.billing.builders import create_completed_charter, send_ok
from tests.integration.bookings.builders import ORG

OVERDUE_AT = datetime(2027, 2, 10, 5, tzinfo=UTC)
"""The end of the due date in New York."""


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 10, 17, tzinfo=UTC)):
        builders.set_up_organization()
        yield


def create_issued_invoice() -> str:
    draft = send_ok("POST", "/invoices", {"charter_id": create_completed_charter().id})
    return str(send_ok("POST", f"/invoices/{draft['id']}/issue")["id"])


def list_event_types(invoice_id: str) -> list[str]:
    return [event.type for event in store.list_history(INVOICE.key(org=ORG, id=invoice_id))]


def pay_part(invoice_id: str) -> dict[str, Any]:
    return send_ok("POST", f"/invoices/{invoice_id}/record-payment", {"amount": 100, "method": "cash"})


def test_partial_payment_before_timer_marks_overdue() -> None:
    invoice_id = create_issued_invoice()
    with clock.frozen(OVERDUE_AT):
        assert pay_part(invoice_id)["status"] == "overdue"
        assert overdue_job.run().overdue == 0
    assert list_event_types(invoice_id).count("invoice.overdue") == 1


def test_partial_payment_of_overdue_invoice_sends_no_second_event() -> None:
    invoice_id = create_issued_invoice()
    with clock.frozen(OVERDUE_AT):
        assert overdue_job.run().overdue == 1
        assert pay_part(invoice_id)["status"] == "overdue"
    assert list_event_types(invoice_id).count("invoice.overdue") == 1


def test_payment_before_deadline_prevents_overdue() -> None:
    invoice_id = create_issued_invoice()
    with clock.frozen(datetime(2027, 2, 10, 4, 59, 59, tzinfo=UTC)):
        paid = send_ok("POST", f"/invoices/{invoice_id}/record-payment", {"amount": 726.5, "method": "cash"})
        assert paid["status"] == "paid"
    with clock.frozen(OVERDUE_AT):
        assert overdue_job.run().overdue == 0
    assert "invoice.overdue" not in list_event_types(invoice_id)
