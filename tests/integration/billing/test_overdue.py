"""An invoice is said to be overdue once, by whoever sees it first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.billing.invoices import overdue_job
from coachway.billing.invoices.model import INVOICE
from coachway.core import store
from coachway.core.runtime import clock
from tests.integration.billing import office
from tests.integration.billing.office import completed, done
from tests.integration.bookings.asking import ORG

DUE_UNTIL = datetime(2027, 2, 10, 5, tzinfo=UTC)
"""The end of the last day, in New York."""


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 10, 17, tzinfo=UTC)):
        office.found()
        yield


def issued() -> str:
    draft = done("POST", "/invoices", {"charter_id": completed().id})
    return str(done("POST", f"/invoices/{draft['id']}/issue")["id"])


def said(invoice_id: str) -> list[str]:
    return [each.type for each in store.history(INVOICE.key(org=ORG, id=invoice_id))]


def part(invoice_id: str) -> dict[str, Any]:
    return done("POST", f"/invoices/{invoice_id}/record-payment", {"amount": 100, "method": "cash"})


def test_a_part_that_is_paid_after_midnight_and_before_the_timer_does_not_hide_that_it_is_overdue() -> None:
    invoice = issued()
    with clock.frozen(DUE_UNTIL):
        assert part(invoice)["status"] == "overdue"
        assert overdue_job.run().overdue == 0
    assert said(invoice).count("invoice.overdue") == 1


def test_an_overdue_one_is_not_said_to_be_so_again_with_each_payment() -> None:
    invoice = issued()
    with clock.frozen(DUE_UNTIL):
        assert overdue_job.run().overdue == 1
        assert part(invoice)["status"] == "overdue"
    assert said(invoice).count("invoice.overdue") == 1


def test_one_that_is_paid_on_its_last_second_never_is() -> None:
    invoice = issued()
    with clock.frozen(datetime(2027, 2, 10, 4, 59, 59, tzinfo=UTC)):
        paid = done("POST", f"/invoices/{invoice}/record-payment", {"amount": 726.5, "method": "cash"})
        assert paid["status"] == "paid"
    with clock.frozen(DUE_UNTIL):
        assert overdue_job.run().overdue == 0
    assert "invoice.overdue" not in said(invoice)
