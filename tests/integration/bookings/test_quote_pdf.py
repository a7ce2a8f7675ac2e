"""The PDF of a quote, for the client and for the office."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from coachway.core.documents.pdf import Pdf
from coachway.core.schemas import PartialUpdate
from coachway.identity.organizations import service as organizations
from tests.integration.bookings.builders import (
    ORG,
    OTHER_ORG,
    STAFF,
    create_charter,
    create_organizations,
    send_quote,
    send_request,
    set_status,
)
from tests.integration.client import Reply, call, token_for
from tests.unit.pdf_text import read_pages
from tools.function_modules import load

api = load("bookings", "quote_page").api


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    create_organizations()


def get_by_link(token: str) -> Reply:
    return call(api, "GET", f"/pages/quotes/{token}/quote.pdf")


def get_for_office(charter_id: str, org_id: str = ORG, permissions: str = "charters:read") -> Reply:
    token = token_for(permissions, org_id=org_id)
    return call(api, "GET", f"/api/v1/charters/{charter_id}/quote.pdf", token=token)


def read(reply: Reply) -> str:
    assert reply.status == 200, reply.text
    assert reply.headers["Content-Type"] == "application/pdf"
    return " ".join(read_pages(Pdf(base64.b64decode(reply.text))))


def set_terms(terms: str) -> None:
    organizations.update_organization(STAFF, PartialUpdate({"terms": terms}), None)


def test_pdf_has_what_the_page_shows() -> None:
    set_terms("No glitter.\n\nNo smoking.")
    charter = create_charter(vehicle_groups=[{"vehicle_class": "coach", "count": 1}])
    text = read(get_by_link(send_quote(charter["id"])))
    for part in (
        f"{charter['number']} · Quote",
        "Wednesday, March 3, 2027",
        "11 Wall St, New York, NY",
        "Base price",
        "130 miles × $2.50",
        f"${charter['quote']['total']:,.2f}",
        "Valid until",
        "If you cancel",
        "No glitter.",
        "No smoking.",
    ):
        assert part in text, part
    assert text == read(get_for_office(charter["id"]))


def test_pdf_for_the_client_hides_lines_and_internal_values() -> None:
    charter = create_charter()
    adjustments = {"price_display": "total_only", "cost": 123.45}
    everything = "charters:read charters:write pricing:override"
    reply = send_request("PUT", f"/charters/{charter['id']}/price-adjustments", adjustments, permissions=everything)
    assert reply.status == 200, reply.text
    text = read(get_by_link(send_quote(charter["id"])))
    assert f"${charter['quote']['total']:,.2f}" in text
    for hidden in ("Base price", "Mileage", "123.45", "margin"):
        assert hidden not in text, hidden


def test_pdf_of_a_quote_that_was_not_sent_has_the_current_terms() -> None:
    charter = create_charter()
    set_terms("No glitter.")
    assert "No glitter." in read(get_for_office(charter["id"]))
    send_quote(charter["id"])
    set_terms("No confetti.")
    assert "No glitter." in read(get_for_office(charter["id"]))


def test_pdf_of_a_booked_trip_is_that_of_the_trip() -> None:
    charter = create_charter()
    token = send_quote(charter["id"])
    set_status(charter["id"], "booked")
    text = read(get_by_link(token))
    assert f"Trip {charter['number']} · Booked" in text
    assert "Valid until" not in text


def test_pdf_is_for_holders_of_the_link_and_the_office() -> None:
    charter = create_charter()
    token = send_quote(charter["id"])
    assert get_by_link(f"{token}x").status == 404
    assert get_for_office(charter["id"], OTHER_ORG).status == 404
    assert get_for_office(charter["id"], permissions="clients:read").status == 403
    assert call(api, "GET", f"/api/v1/charters/{charter['id']}/quote.pdf").status == 401
    send_request("PUT", f"/charters/{charter['id']}", {"passengers": 41})
    assert get_by_link(token).status == 404
