"""Purchase orders and bank details on invoices, and the PDF on the invoice page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.billing.invoices import links as invoice_links
from coachway.billing.invoices import queries as invoices
from coachway.clients import service as clients
from coachway.core.auth import signed_links
from coachway.core.runtime import clock
from coachway.core.schemas import PartialUpdate
from coachway.identity.organizations import service as organizations
from tests.integration.billing import builders
from tests.integration.billing.builders import create_completed_charter, send_ok, send_request
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import CLIENT_ID, ORG, STAFF
from tests.integration.client import Reply, call
from tools.function_modules import load

pages = load("billing", "payment_pages").api
documents = load("billing", "documents_api").api


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 10, 17, tzinfo=UTC)):
        builders.set_up_organization()
        yield


def set_client_po_number(po_number: str | None) -> None:
    clients.update_client(STAFF, CLIENT_ID, PartialUpdate({"po_number": po_number}), None)


def draft(*charter_ids: str, **fields: Any) -> dict[str, Any]:
    return send_ok("POST", "/invoices", {"charter_ids": charter_ids, **fields})


def build_token(invoice_id: str) -> str:
    nonce = invoices.get_invoice(STAFF, invoice_id).link_nonce
    return signed_links.create_link_token(invoice_links.PURPOSE, ORG, invoice_id, nonce)


def download(token: str) -> Reply:
    return call(documents, "GET", f"/pages/invoices/{token}/invoice.pdf")


def test_charter_has_the_purchase_order_of_its_client_unless_it_has_its_own() -> None:
    set_client_po_number("PO 1")
    assert booking_builders.create_charter()["po_number"] == "PO 1"
    assert booking_builders.create_charter(po_number="PO 2")["po_number"] == "PO 2"
    assert booking_builders.create_charter(po_number=None)["po_number"] is None


def test_invoice_has_the_purchase_order_of_its_charters() -> None:
    charters = [create_completed_charter(po_number="PO 7").id for _ in range(2)]
    assert draft(*charters)["po_number"] == "PO 7"


def test_invoice_of_several_purchase_orders_names_each_in_its_line() -> None:
    charters = [create_completed_charter(po_number=number).id for number in ("PO 1", "PO 2", None)]
    invoice = draft(*charters)
    assert invoice["po_number"] is None
    details = [line["detail"].partition(" · ")[2] for line in invoice["lines"]]
    assert details == ["purchase order PO 1", "purchase order PO 2", ""]


def test_purchase_order_can_change_until_the_invoice_is_issued() -> None:
    path = f"/invoices/{draft(create_completed_charter(po_number='PO 7').id)['id']}"
    assert send_ok("PUT", path, {"po_number": "PO 8"})["po_number"] == "PO 8"
    assert send_ok("PUT", path, {"notes": "Thanks"})["po_number"] == "PO 8"
    assert send_ok("POST", f"{path}/issue")["po_number"] == "PO 8"
    assert send_request("PUT", path, {"po_number": "PO 9"}).status == 409


@pytest.mark.parametrize("po_number", ["", "x" * 51, "PO\n1", "\x00"])
def test_invalid_purchase_orders_are_refused(po_number: str) -> None:
    charter = create_completed_charter()
    assert send_request("POST", "/invoices", {"charter_id": charter.id, "po_number": po_number}).status == 422


def test_invoice_page_shows_purchase_order_bank_details_and_link_to_the_pdf() -> None:
    bank_details = "Harbor Coach LLC\nRouting 021000021"
    organizations.update_organization(STAFF, PartialUpdate({"bank_details": bank_details}), None)
    invoice = draft(create_completed_charter(po_number="PO <7>").id)
    send_ok("POST", f"/invoices/{invoice['id']}/issue")
    token = build_token(invoice["id"])
    page = call(pages, "GET", f"/pages/invoices/{token}").text
    assert "PO &lt;7&gt;" in page
    assert bank_details in page
    assert f'href="{token}/invoice.pdf"' in page


def test_pdf_is_downloaded_by_the_link_of_the_page_only() -> None:
    invoice = draft(create_completed_charter().id)
    send_ok("POST", f"/invoices/{invoice['id']}/issue")
    token = build_token(invoice["id"])
    reply = download(token)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/pdf")
    assert 'filename="INV-2027-HARBOR-00001.pdf"' in reply.headers["Content-Disposition"]
    assert download(token[:-4] + "AAAA").status == 404
    booking_builders.change_client_email("new@acme.example")
    assert download(token).status == 404
