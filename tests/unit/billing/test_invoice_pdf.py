"""The invoice PDF."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from coachway.billing.invoices import pdf as invoice_pdf
from coachway.billing.invoices.model import Invoice, InvoiceLine
from coachway.billing.invoices.rules import describe_terms
from coachway.clients.rules import PaymentTerms
from tests.unit.bookings.builders import ORGANIZATION
from tests.unit.pdf_text import find_text, read_pages


def create_line(number: int, **fields: Any) -> dict[str, Any]:
    defaults = {
        "description": f"Round trip CH-2027-{number:06}",
        "detail": f"{number} Wall St to {number} Boardwalk",
        "charter_id": f"chr_{number}",
        "trip_date": date(2027, 3, 3),
        "amount": 100_00,
        "tax": 0,
    }
    return {**defaults, **fields}


def create_invoice(lines: int = 1, **fields: Any) -> Invoice:
    defaults: dict[str, Any] = {
        "id": "inv_1",
        "org_id": "org_1",
        "number": "INV-2027-HARBOR-00001",
        "status": "issued",
        "client_id": "cli_1",
        "client_name": "Acme Events",
        "client_email": "events@acme.example",
        "billing_address": ["28 Liberty St", "New York, NY 10005"],
        "payment_terms": "net_30",
        "currency": "USD",
        "lines": [create_line(number) for number in range(1, lines + 1)],
        "subtotal": lines * 100_00,
        "tax": 0,
        "total": lines * 100_00,
        "balance_due": lines * 100_00,
        "issue_date": date(2027, 3, 4),
        "due_date": date(2027, 4, 3),
    }
    return Invoice.model_validate({**defaults, **fields})


def test_render_pdf_shows_client_lines_and_balance() -> None:
    [page] = read_pages(invoice_pdf.render_pdf(create_invoice(), ORGANIZATION))
    for text in (
        "INV-2027-HARBOR-00001",
        "Bill to Acme Events 28 Liberty St New York, NY 10005 events@acme.example",
        "Due Sat, Apr 3, 2027",
        "Round trip CH-2027-000001 1 Wall St to 1 Boardwalk",
        "Balance due $100.00",
        "Please pay $100.00 by Saturday, April 3, 2027",
    ):
        assert text in page


def test_render_pdf_due_with_a_later_instalment_does_not_show_the_terms_of_the_client() -> None:
    invoice = create_invoice(payment_terms="due_on_receipt", due_date=date(2027, 6, 1))
    [page] = read_pages(invoice_pdf.render_pdf(invoice, ORGANIZATION))
    assert "Terms As agreed for the trip" in page
    assert "Due on receipt" not in page


@pytest.mark.parametrize(
    ("terms", "due_on", "text"),
    [
        (PaymentTerms.DUE_ON_RECEIPT, date(2027, 3, 4), "Due on receipt"),
        (PaymentTerms.NET_30, date(2027, 4, 3), "Net 30 days"),
        (PaymentTerms.NET_30, date(2027, 4, 4), "As agreed for the trip"),
        (PaymentTerms.NET_30, None, "Net 30 days"),
    ],
)
def test_describe_terms_depends_on_the_due_date(terms: PaymentTerms, due_on: date | None, text: str) -> None:
    assert describe_terms(terms, date(2027, 3, 4) if due_on else None, due_on) == text


def test_render_pdf_of_a_draft_has_no_number() -> None:
    [page] = read_pages(invoice_pdf.render_pdf(create_invoice(number="", status="draft"), ORGANIZATION))
    assert "Draft" in page
    assert "How to pay" not in page


def test_render_pdf_with_names_in_other_scripts_shows_them() -> None:
    organization = ORGANIZATION.model_copy(update={"name": "港湾観光バス"})
    invoice = create_invoice(client_name="مدرسة بيروت", lines=1, notes="नमस्ते")
    [page] = read_pages(invoice_pdf.render_pdf(invoice, organization))
    assert page.count("港湾観光バス") >= 2
    assert "مدرسة بيروت" in page
    assert "नमस्ते" in page


def test_render_pdf_of_a_trip_from_an_arabic_address_has_the_origin_on_the_left() -> None:
    invoice = create_invoice().model_copy(
        update={"lines": [InvoiceLine(**create_line(1, detail="بيروت to Boardwalk"))]}
    )
    pdf = invoice_pdf.render_pdf(invoice, ORGANIZATION)
    _, _, origin_right, _ = find_text(pdf, "بيروت")
    destination_left, _, _, _ = find_text(pdf, "to Boardwalk")
    assert origin_right < destination_left


def test_render_pdf_with_forty_lines_repeats_the_head_and_splits_no_line() -> None:
    pages = read_pages(invoice_pdf.render_pdf(create_invoice(40), ORGANIZATION))
    assert len(pages) == 3
    for number in range(1, 41):
        line = f"Round trip CH-2027-{number:06} {number} Wall St to {number} Boardwalk"
        assert sum(line in page for page in pages) == 1
    assert all("Description Date Amount" in page for page in pages)
    assert "Subtotal $4,000.00 Total $4,000.00 Balance due $4,000.00" in pages[-1]


BANK_DETAILS = "Harbor Coach LLC\nFirst Bank\nRouting 021000021\nAccount 123456789"


def test_render_pdf_shows_purchase_order_and_bank_details() -> None:
    organization = ORGANIZATION.model_copy(update={"bank_details": BANK_DETAILS})
    [page] = read_pages(invoice_pdf.render_pdf(create_invoice(po_number="PO 4711/B"), organization))
    assert "PO number PO 4711/B" in page
    assert "Bank transfer Harbor Coach LLC First Bank Routing 021000021 Account 123456789" in page


def test_render_pdf_of_a_paid_invoice_has_no_bank_details() -> None:
    organization = ORGANIZATION.model_copy(update={"bank_details": BANK_DETAILS})
    [page] = read_pages(invoice_pdf.render_pdf(create_invoice(status="paid", balance_due=0), organization))
    assert "Bank transfer" not in page
