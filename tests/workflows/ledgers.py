"""A carrier that invoices: trips that are over, invoices, and what the books say of them."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.workflows.carrier import Carrier

PRICE = 726.5


def over(carrier: Carrier, day: str = "2026-10-14", **more: Any) -> dict[str, Any]:
    """A charter that took place on a day, said so by staff step by step."""
    stops = carrier.trip()["stops"]
    stops[0]["estimated_departure"] = f"{day}T09:00:00-04:00"
    stops[1]["estimated_arrival"] = f"{day}T12:00:00-04:00"
    made = carrier.ask("POST", "/charters", carrier.trip(stops=stops, **more))
    for status in ("booked", "confirmed", "in_progress", "completed"):
        step = {"status": status, "reason": "As it was", "accepted_by": "Dana Lee"}
        made = carrier.ask("POST", f"/charters/{made['id']}/status", step)
    return dict(made)


def booked(carrier: Carrier, **more: Any) -> dict[str, Any]:
    """A charter that will take place."""
    made = carrier.ask("POST", "/charters", carrier.trip(**more))
    step = {"status": "booked", "accepted_by": "Dana Lee"}
    return dict(carrier.ask("POST", f"/charters/{made['id']}/status", step))


def drafted(carrier: Carrier, charter_id: str) -> str:
    return str(carrier.ask("POST", "/invoices", {"charter_id": charter_id})["id"])


def issued(carrier: Carrier, charter_id: str) -> dict[str, Any]:
    return dict(carrier.ask("POST", f"/invoices/{drafted(carrier, charter_id)}/issue"))


def reconciled(carrier: Carrier, month: str) -> dict[str, Any]:
    """What the books say, once they agree with themselves."""
    told: dict[str, Any] = carrier.ask("GET", f"/billing/reconciliation?month={month}")
    assert told["is_sound"], json.dumps(told, indent=1)
    return told


def pdf(carrier: Carrier, invoice_id: str) -> bytes:
    """An invoice's paper."""
    answer: httpx.Response = carrier.send("GET", f"/invoices/{invoice_id}/pdf")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return answer.content
