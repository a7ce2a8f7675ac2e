"""A price that was agreed by phone, from the quote to the ledger."""

from __future__ import annotations

import httpx
import pytest

from coachway.core.documents.pdf import Pdf
from tests.stack import Stack
from tests.unit.pdf_text import read_pages
from tests.workflows import invoice_builders
from tests.workflows.organization_builders import Operator

pytestmark = pytest.mark.xdist_group("journey")

REASON = "Agreed with Dana on the phone"
ADJUSTMENTS = {
    "lines": [{"label": "Parking", "quantity": 2, "unit_amount": 45, "reason": "Two days at the venue"}],
    "all_in_price": {"amount": 700, "reason": REASON},
}


def test_all_in_price_is_the_same_in_quote_invoice_ledger_and_history(stack: Stack) -> None:
    operator = Operator.create(stack)
    operator.call("PUT", "/organization", {"tax_rate_percent": 8.875})
    charter = operator.call("POST", "/charters", operator.charter_body())
    path = f"/charters/{charter['id']}"
    adjusted = operator.call("PUT", f"{path}/price-adjustments", ADJUSTMENTS)
    assert (adjusted["quote"]["total"], adjusted["quote"]["tax"]) == (700, 57.06)

    sent = operator.call("POST", f"{path}/send-quote", {})
    page = httpx.get(sent["url"], timeout=60).text
    for text in ("$700.00", "$57.06", "$552.94", "Parking", "$90.00"):
        assert text in page, text
    for secret in (REASON, "790.98", "Mileage", "Base price"):
        assert secret not in page, secret
    answer = {"revision_number": 2, "accepted_by": "Dana Lee"}
    assert operator.call("POST", f"/quotes/{sent['token']}/accept", answer)["status"] == "booked"

    invoice = invoice_builders.create_issued_invoice(operator, charter["id"])
    assert (invoice["subtotal"], invoice["tax"], invoice["total"]) == (642.94, 57.06, 700)
    assert invoice["lines"][0]["price"] == [
        {"label": "All-in price", "amount": 552.94},
        {"label": "Parking", "amount": 90},
    ]
    text = " ".join(read_pages(Pdf(invoice_builders.get_invoice_pdf(operator, invoice["id"]))))
    assert "Parking $90.00" in text
    assert "Mileage" not in text
    postings = [each for entry in operator.list_all("/billing/ledger") for each in entry["postings"]]
    assert sorted(each["amount"] for each in postings) == [-642.94, -57.06, 700]
    invoice_builders.get_sound_reconciliation(operator, f"{operator.today():%Y-%m}")
    event = next(each for each in operator.list_history(charter["id"]) if each["type"] == "charter.price_adjusted")
    assert (event["data"]["previous_total"], event["data"]["total"]) == (790.98, 700)
    assert REASON in event["data"]["reasons"]
