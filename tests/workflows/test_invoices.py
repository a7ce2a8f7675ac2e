"""Invoices on the deployed stack: numbers without gaps, papers in the bucket, mails, and months invoiced by a run."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.invoicing_runs.schedule import MonthDue
from coachway.core.persistence.transaction import to_item
from infra.local.deployment import stack_deployment
from tests.stack import Stack, eventually
from tests.workflows import ledgers
from tests.workflows.carrier import Carrier, at_once, start_workers, statuses
from tests.workflows.ledgers import PRICE

pytestmark = pytest.mark.xdist_group("invoices")

MANY = 50
MONTH = "2026-10"


@pytest.fixture(scope="module")
def carrier(stack: Stack) -> Carrier:
    return Carrier.opened(stack)


def test_issue_invoice_sends_stored_pdf(carrier: Carrier) -> None:
    branding = {"branding": {"color": "#0b4f6c", "email": f"office@{carrier.slug}.example"}}
    carrier.ask("PUT", "/organization", branding)
    invoice = ledgers.issued(carrier, ledgers.booked(carrier)["id"])
    mail = carrier.stack.wait_for_mail(carrier.client_email, f"^Invoice {invoice['number']}")
    assert "/pages/invoices/" in mail["BodyText"]
    kept = carrier.ask("GET", f"/invoices/{invoice['id']}")
    bucket = stack_deployment.read_outputs(carrier.stack.config)["BucketName"]
    filed = carrier.stack.client("s3").get_object(Bucket=bucket, Key=kept["pdf_key"])["Body"].read()
    assert filed.startswith(b"%PDF-")
    assert ledgers.pdf(carrier, invoice["id"]) == filed


def test_issue_invoice_fifty_at_once_numbers_without_gap(stack: Stack) -> None:
    carrier = Carrier.opened(stack)
    drafts = [ledgers.drafted(carrier, ledgers.booked(carrier)["id"]) for _ in range(MANY)]

    start_workers(lambda: carrier.send("GET", "/invoices"))
    answers = at_once(MANY, lambda n: carrier.send("POST", f"/invoices/{drafts[n]}/issue"))
    assert statuses(answers) == {200: MANY}, [each.text for each in answers if each.status_code != 200][:3]
    year = carrier.today().year
    numbers = sorted(answer.json()["number"] for answer in answers)
    code = carrier.slug.replace("-", "").upper()[:12]
    assert numbers == [f"INV-{year}-{code}-{n:05d}" for n in range(1, MANY + 1)]
    books = ledgers.reconciled(carrier, f"{carrier.today():%Y-%m}")
    owed = next(each for each in books["agreements"] if each["account"] == "accounts_receivable")
    assert owed["ledger"] == owed["books"] == MANY * PRICE
    credit = carrier.ask("GET", f"/clients/{carrier.client_id}/credit")
    assert (credit["open_balance"], credit["booked_balance"]) == (MANY * PRICE, 0)


def test_record_payment_fifty_at_once_pay_invoice_once(carrier: Carrier) -> None:
    invoice = ledgers.issued(carrier, ledgers.booked(carrier)["id"])
    whole = {"amount": PRICE, "method": "transfer"}
    answers = at_once(MANY, lambda _: carrier.send("POST", f"/invoices/{invoice['id']}/record-payment", whole))
    assert statuses(answers) == {200: 1, 409: MANY - 1}
    paid = carrier.ask("GET", f"/invoices/{invoice['id']}")
    assert (paid["status"], paid["amount_paid"], paid["balance_due"]) == ("paid", PRICE, 0)
    ledgers.reconciled(carrier, f"{carrier.today():%Y-%m}")


def test_booking_many_at_once_respects_credit_limit(stack: Stack) -> None:
    carrier = Carrier.opened(stack)
    carrier.ask("PUT", f"/clients/{carrier.client_id}", {"credit_limit": 5 * PRICE})
    trips = [carrier.ask("POST", "/charters", carrier.trip())["id"] for _ in range(12)]
    step = {"status": "booked", "accepted_by": "Dana Lee"}
    answers = at_once(12, lambda n: carrier.send("POST", f"/charters/{trips[n]}/status", step))
    assert statuses(answers) == {200: 5, 409: 7}
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"credit_limit_exceeded"}
    assert carrier.ask("GET", f"/clients/{carrier.client_id}/credit")["available_credit"] == 0


def _unbilled(carrier: Carrier, count: int) -> None:
    """Wait until the consumer has noted so many trips."""

    def noted() -> bool:
        answer = carrier.stack.client("dynamodb").query(
            TableName=carrier.stack.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"ORG#{carrier.org_id}#UNBILLED"}},
        )
        return len(answer["Items"]) == count

    eventually(noted, 60, f"{count} trips were not noted as to be invoiced")


def _due(carrier: Carrier) -> None:
    """Have it be half past midnight on the first where the organization is; the timer starts the run."""
    due = MonthDue(org_id=carrier.org_id, month=MONTH, due_at=datetime.now(UTC), version=1)
    carrier.stack.client("dynamodb").put_item(TableName=carrier.stack.table, Item=to_item(due))
    function = carrier.stack.function("billing-schedule")
    answer = carrier.stack.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()
    machine = stack_deployment.read_outputs(carrier.stack.config)["InvoicingFlowArn"]
    _ended(carrier, f"{machine.replace(':stateMachine:', ':execution:')}:{carrier.org_id}-{MONTH}")


def _again(carrier: Carrier) -> None:
    """Start the run of the same month once more."""
    states = carrier.stack.client("stepfunctions")
    started = states.start_execution(
        stateMachineArn=stack_deployment.read_outputs(carrier.stack.config)["InvoicingFlowArn"],
        name=f"{carrier.org_id}-again",
        input=json.dumps({"org_id": carrier.org_id, "month": MONTH}),
    )["executionArn"]
    _ended(carrier, started)


def _ended(carrier: Carrier, execution: str) -> None:
    """The state machine has come to a good end."""
    states = carrier.stack.client("stepfunctions")

    def ended() -> dict[str, Any] | None:
        told: dict[str, Any] = states.describe_execution(executionArn=execution)
        return told if told["status"] != "RUNNING" else None

    told = eventually(ended, 120, "the run did not end")
    assert told["status"] == "SUCCEEDED", told


def _broken(carrier: Carrier, charter_id: str) -> None:
    """A draft of the run's own, of a trip that was priced again since: it cannot be issued."""
    draft = carrier.ask("GET", f"/invoices/{ledgers.drafted(carrier, charter_id)}")
    key = INVOICE.key(org=carrier.org_id, id=draft["id"])
    table, client = carrier.stack.table, carrier.stack.client("dynamodb")
    found = client.get_item(TableName=table, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})["Item"]
    kept = Invoice.model_validate_json(found["doc"]["S"])
    kept.lines[0].charter_revision, kept.month = 99, MONTH
    client.put_item(TableName=table, Item=to_item(kept))


def test_invoicing_run_repeated_invoices_once_despite_failure(stack: Stack) -> None:
    one, two = Carrier.opened(stack), Carrier.opened(stack)
    two.timezone = "Australia/Perth"
    two.ask("PUT", "/organization", {"timezone": two.timezone})
    for carrier in (one, two):
        carrier.ask("PUT", "/organization", {"branding": {"email": f"office@{carrier.slug}.example"}})
    bolt = one.ask("POST", "/clients", one.client("Bolt Tours", "bolt"))["id"]
    cash = one.ask("POST", "/clients", {**one.client("Cash Only", "cash"), "payment_terms": "due_on_receipt"})["id"]
    for more in ({}, {}, {"client_id": cash}):
        ledgers.over(one, **more)
    broken = ledgers.over(one, client_id=bolt)
    ledgers.over(two)
    _unbilled(one, 4)
    _unbilled(two, 1)
    _broken(one, broken["id"])
    for run in (_due, _again):
        for carrier in (one, two):
            run(carrier)
    made = one.everything("/invoices")
    assert Counter((each["client_name"], each["status"], each["total"]) for each in made) == {
        ("Acme Events", "issued", 2 * PRICE): 1,
        ("Bolt Tours", "draft", PRICE): 1,
    }
    assert [each["status"] for each in two.everything("/invoices")] == ["issued"]
    office = f"office@{one.slug}.example"
    summary = stack.wait_for_mail(office, "^Invoices for October 2026: 1 to look at")
    assert "Bolt Tours" in summary["BodyText"]
    assert "has changed. Void this draft" in " ".join(summary["BodyText"].split())
    assert len([each for each in stack.mails(office) if "Invoices for" in each["Subject"]]) == 1
    stack.wait_for_mail(f"office@{two.slug}.example", "^Invoices for October 2026$")
    for carrier in (one, two):
        ledgers.reconciled(carrier, f"{carrier.today():%Y-%m}")
