"""Quotes and invoices of clients that are exempt from tax."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from coachway.clients import service as clients
from coachway.core import store
from coachway.core.persistence.operations import Update
from coachway.core.schemas import PartialUpdate
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.identity.model.tax_exemption import TaxExemption
from tests.integration.bookings.builders import (
    CLIENT_ID,
    ORG,
    STAFF,
    create_charter,
    create_organizations,
    send_quote,
    send_request,
    set_status,
)
from tests.integration.client import call, token_for
from tools.function_modules import load

pricing = load("pricing", "api").api
invoices = load("billing", "api").api
LABEL = "Tax exempt, NY certificate EX-204417"


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    """An organization with a tax of 10 percent."""
    create_organizations()
    organization = store.get(Organization, ORGANIZATIONS.key(org=ORG))
    store.commit(STAFF, Update(organization, organization.model_copy(update={"tax_rate_percent": Decimal(10)})))


def exempt(expires_on: str | None = None) -> None:
    fields = {"certificate_number": "EX-204417", "state": "NY", "expires_on": expires_on}
    exemption = TaxExemption.model_validate(fields)
    clients.update_client(STAFF, CLIENT_ID, PartialUpdate({"tax_exemption": exemption}), None)


def create_invoice(charter_id: str, **fields: Any) -> dict[str, Any]:
    token = token_for("billing:write billing:read", org_id=ORG)
    reply = call(invoices, "POST", "/api/v1/invoices", {"charter_id": charter_id, **fields}, token=token)
    assert reply.status == 201, reply.text
    return dict(reply.json())


@pytest.mark.parametrize(("expires_on", "is_taxed"), [(None, False), ("2027-03-03", False), ("2027-03-02", True)])
def test_certificate_must_be_valid_through_the_last_day_of_the_trip(expires_on: str | None, is_taxed: bool) -> None:
    exempt(expires_on)
    quote = create_charter()["quote"]
    codes = [each["code"] for each in quote["warnings"]]
    assert (quote["tax"], codes) == ((67.63, ["tax_exemption_expired"]) if is_taxed else (0, []))


def test_client_reads_the_certificate_instead_of_the_tax() -> None:
    exempt()
    token = send_quote(create_charter()["id"])
    view = send_request("GET", f"/quotes/{token}", permissions="").json()
    assert (view["lines"][-1]["label"], view["lines"][-1]["amount"], view["tax"]) == (LABEL, 0, 0)


def test_invoice_has_no_tax_and_says_why() -> None:
    exempt()
    charter = create_charter()
    set_status(charter["id"], "booked")
    invoice = create_invoice(charter["id"], extras=[{"description": "Waiting time", "amount": 50}])
    assert (invoice["tax"], invoice["total"]) == (0, 726.3)
    assert [line["tax_note"] for line in invoice["lines"]] == [LABEL, ""]


def test_accepted_price_stays_when_the_client_becomes_exempt() -> None:
    charter = create_charter()
    set_status(charter["id"], "booked")
    exempt()
    assert create_invoice(charter["id"])["tax"] == 67.63


def test_quote_is_priced_again_without_tax_when_its_adjustments_are_saved() -> None:
    charter = create_charter()
    exempt()
    path = f"/charters/{charter['id']}/price-adjustments"
    after = send_request("PUT", path, {}, permissions="pricing:override charters:read").json()
    assert (after["revision_number"], after["quote"]["tax"]) == (2, 0)


def test_calculated_quote_of_exempt_client_has_no_tax() -> None:
    exempt("2027-03-31")
    body = {"client_id": CLIENT_ID, "vehicle_class": "coach", "miles": 100, "trip_date": "2027-03-03"}
    token = token_for("charters:write", org_id=ORG)
    assert call(pricing, "POST", "/api/v1/pricing/calculate-quote", body, token=token).json()["tax"] == 0
    body["trip_date"] = "2027-04-01"
    assert call(pricing, "POST", "/api/v1/pricing/calculate-quote", body, token=token).json()["tax"] == 60.1


@pytest.mark.parametrize("fields", [{}, {"certificate_number": ""}, {"certificate_number": "1", "state": "New York"}])
def test_incomplete_exemption_is_refused(fields: dict[str, Any]) -> None:
    api = load("clients", "api").api
    token = token_for("clients:write", org_id=ORG)
    reply = call(api, "PUT", f"/api/v1/clients/{CLIENT_ID}", {"tax_exemption": fields}, token=token)
    assert reply.status == 422
