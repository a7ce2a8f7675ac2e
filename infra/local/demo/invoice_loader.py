"""Invoices of the demo's trips, one in every state; an invoice that is due immediately is overdue the next day."""

from __future__ import annotations

from typing import Final

from infra.local.demo.scenario import InvoiceState, Json, Scenario
from infra.local.demo.users import UserClients

_WITH_PAYMENT: Final = {InvoiceState.PAID, InvoiceState.PARTLY_PAID}


def load_invoices(scenario: Scenario, clients: UserClients) -> int:
    """Create the planned invoices that are missing; returns how many were created."""
    plans = {trip.notes: trip.invoice for trip in scenario.trips if trip.invoice is not None}
    if not plans:
        return 0
    manager = clients.client("manager")
    existing = {line["charter_id"]: invoice for invoice in manager.list_all("/invoices") for line in invoice["lines"]}
    created = 0
    for charter in manager.list_all("/charters"):
        state = plans.get(charter["notes"])
        if state is None or charter["cloned_from_charter_id"] or (charter["instance_number"] or 1) > 1:
            continue
        invoice = existing.get(charter["id"])
        if invoice is None:
            invoice = manager.post("/invoices", {"charter_id": charter["id"]}, charter["id"])
            created += 1
        _advance_invoice(clients, invoice, state)
    return created


def _advance_invoice(clients: UserClients, invoice: Json, state: InvoiceState) -> None:
    """Issue, void or pay an invoice until it has the planned state."""
    manager, path = clients.client("manager"), f"/invoices/{invoice['id']}"
    if state is InvoiceState.DRAFT:
        return
    if invoice["status"] == "draft":
        invoice = manager.post(f"{path}/issue", None, "issue")
    if state is InvoiceState.VOID and invoice["status"] != "void":
        manager.post(f"{path}/void", {"reason": "Billed to the wrong school"}, "void")
    if state in _WITH_PAYMENT and invoice["amount_paid"] == 0:
        is_whole = state is InvoiceState.PAID
        payment = {"amount": invoice["total"] if is_whole else 500, "method": "transfer" if is_whole else "check"}
        reference = "Wire 88120" if is_whole else "Check 1042"
        manager.post(f"{path}/record-payment", {**payment, "reference": reference}, "payment")
