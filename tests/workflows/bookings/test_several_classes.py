"""A coach and two minibuses for one trip: quote, booking, own coach, bids for the minibuses, confirmation, invoice."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from coachway.core.documents.pdf import Pdf
from tests.stack import Stack
from tests.unit.core.png import build_png
from tests.unit.pdf_text import read_pages
from tests.workflows.bidding_builders import BiddingOrganization
from tests.workflows.dispatch_builders import DispatchOrganization
from tests.workflows.invoice_builders import create_issued_invoice, get_invoice_pdf

pytestmark = pytest.mark.xdist_group("journey")

GROUPS = [{"vehicle_class": "coach", "count": 1}, {"vehicle_class": "minibus", "count": 2}]
VEHICLES = "Coach, 2 × Minibus"


def test_coach_and_minibuses_are_one_booking(stack: Stack) -> None:
    organization = DispatchOrganization(stack)
    operator = organization.operator
    bidding = BiddingOrganization(operator)
    operator.call("PUT", "/organization/logo", {"image": base64.b64encode(build_png(480, 160)).decode()})
    body = operator.charter_body(passengers=100, vehicle_groups=GROUPS)
    body.pop("vehicle_class")
    body.pop("vehicle_count", None)
    charter = operator.call("POST", "/charters", body)
    assert charter["vehicle_count"] == 3
    labels = [line["public_label"] for line in charter["quote"]["lines"]]
    assert {"Base price (Coach)", "Base price (2 × Minibus)"} <= set(labels)

    sent = operator.call("POST", f"/charters/{charter['id']}/send-quote", {"expires_in_hours": 72})
    page = httpx.get(sent["url"], timeout=60).text
    assert VEHICLES in page
    assert 'src="data:image/png;base64,' in page
    assert "Base price (2 × Minibus)" in page
    assert operator.accept_quote(sent["token"]).json()["status"] == "booked"
    mail = stack.wait_for_mail(operator.client_email, "^Booking confirmed")
    assert VEHICLES in mail["BodyText"]

    driver, coach = organization.create_driver(), organization.create_vehicle("Coach 12")
    assignment = {"charter_id": charter["id"], "driver_id": driver["id"], "vehicle_id": coach}
    assert operator.call("POST", "/dispatch/assignments", assignment)["vehicle_number"] == 1

    vendor_id = bidding.create_vendor("Minibus Lines", vehicle_types=["minibus"], max_passenger_capacity=35)
    request = bidding.create_bid_request(charter["id"])
    assert (request["vehicle_count"], request["vehicle_groups"]) == (2, [])
    minibuses: dict[str, Any] = {"vehicle_type": "minibus", "passenger_capacity": 35}
    bid = bidding.create_submitted_bid(charter["id"], vendor_id, 1500, **minibuses)
    operator.call("POST", f"/bid-requests/{request['id']}/close", {"reason": "One offer is enough"})
    bidding.wait_until_under_review(bid)
    assert operator.call("POST", f"/bids/{bid}/accept", {"decision": "accept"})["vehicles_awarded"] == [2, 3]
    assert bidding.get_charter(charter["id"])["status"] == "confirmed"

    invoice = create_issued_invoice(operator, charter["id"])
    assert invoice["total"] == charter["quote"]["total"]
    pdf = get_invoice_pdf(operator, invoice["id"])
    assert "Base price (2 × Minibus)" in " ".join(read_pages(Pdf(pdf)))
    assert b"/Subtype/Image" in pdf.replace(b" ", b"")
