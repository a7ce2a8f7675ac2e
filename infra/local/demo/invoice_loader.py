"""Invoices of the demo's trips, one in every state; one that is due at once is overdue the day after."""

from __future__ import annotations

from typing import Final

from infra.local.demo.scenario import Bill, Json, Story
from infra.local.demo.users import Staffing

_PAID: Final = {Bill.PAID, Bill.IN_PART}


def written(story: Story, staffing: Staffing) -> int:
    """Invoice the trips that the story says so of, as far as they are not; how many were drafted."""
    wanted = {trip.notes: trip.bill for trip in story.trips if trip.bill is not None}
    if not wanted:
        return 0
    manager = staffing.desk("manager")
    known = {line["charter_id"]: each for each in manager.everything("/invoices") for line in each["lines"]}
    made = 0
    for charter in manager.everything("/charters"):
        bill = wanted.get(charter["notes"])
        if bill is None or charter["cloned_from_charter_id"] or (charter["instance_number"] or 1) > 1:
            continue
        invoice = known.get(charter["id"])
        if invoice is None:
            invoice = manager.post("/invoices", {"charter_id": charter["id"]}, charter["id"])
            made += 1
        _lead(staffing, invoice, bill)
    return made


def _lead(staffing: Staffing, invoice: Json, bill: Bill) -> None:
    """Take it from where it is to where the story has it."""
    manager, at = staffing.desk("manager"), f"/invoices/{invoice['id']}"
    if bill is Bill.DRAFT:
        return
    if invoice["status"] == "draft":
        invoice = manager.post(f"{at}/issue", None, "issue")
    if bill is Bill.VOID and invoice["status"] != "void":
        manager.post(f"{at}/void", {"reason": "Billed to the wrong school"}, "void")
    if bill in _PAID and invoice["amount_paid"] == 0:
        whole = bill is Bill.PAID
        paid = {"amount": invoice["total"] if whole else 500, "method": "transfer" if whole else "check"}
        manager.post(f"{at}/record-payment", {**paid, "reference": "Wire 88120" if whole else "Check 1042"}, "payment")
