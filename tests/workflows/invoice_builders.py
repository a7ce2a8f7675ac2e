"""Charters and invoices of an organization on the deployed stack, and its reconciliation."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.workflows.organization_builders import Operator

PRICE = 726.5


def create_completed_charter(operator: Operator, day: str = "2026-10-14", **more: Any) -> dict[str, Any]:
    """Create a charter on a day, and move it to completed."""
    stops = operator.charter_body()["stops"]
    stops[0]["estimated_departure"] = f"{day}T09:00:00-04:00"
    stops[1]["estimated_arrival"] = f"{day}T12:00:00-04:00"
    charter = operator.call("POST", "/charters", operator.charter_body(stops=stops, **more))
    for status in ("booked", "confirmed", "in_progress", "completed"):
        step = {"status": status, "reason": "As it was", "accepted_by": "Dana Lee"}
        charter = operator.call("POST", f"/charters/{charter['id']}/status", step)
    return dict(charter)


def create_booked_charter(operator: Operator, **more: Any) -> dict[str, Any]:
    """Create a booked charter."""
    charter = operator.call("POST", "/charters", operator.charter_body(**more))
    step = {"status": "booked", "accepted_by": "Dana Lee"}
    return dict(operator.call("POST", f"/charters/{charter['id']}/status", step))


def create_draft_invoice(operator: Operator, charter_id: str) -> str:
    return str(operator.call("POST", "/invoices", {"charter_id": charter_id})["id"])


def create_issued_invoice(operator: Operator, charter_id: str) -> dict[str, Any]:
    return dict(operator.call("POST", f"/invoices/{create_draft_invoice(operator, charter_id)}/issue"))


def get_sound_reconciliation(operator: Operator, month: str) -> dict[str, Any]:
    """The reconciliation of a month, which must be sound."""
    reconciliation: dict[str, Any] = operator.call("GET", f"/billing/reconciliation?month={month}")
    assert reconciliation["is_balanced"], json.dumps(reconciliation, indent=1)
    return reconciliation


def get_invoice_pdf(operator: Operator, invoice_id: str) -> bytes:
    """The PDF of an invoice."""
    response: httpx.Response = operator.send("GET", f"/invoices/{invoice_id}/pdf")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/pdf"
    return response.content
