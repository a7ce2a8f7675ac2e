"""Invoices on the deployed stack: numbers without gaps, stored PDFs, mails, and the monthly invoicing run."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.invoicing_runs.schedule import MonthDue
from coachway.core.persistence.transaction import to_item
from infra.local.deployment import stack_deployment
from tests.stack import Stack, eventually
from tests.workflows import invoice_builders
from tests.workflows.invoice_builders import PRICE
from tests.workflows.organization_builders import (
    RACE_REQUESTS,
    Operator,
    count_statuses,
    run_concurrently,
    start_workers,
)

pytestmark = pytest.mark.xdist_group("invoices")

MONTH = "2026-10"


@pytest.fixture(scope="module")
def operator(stack: Stack) -> Operator:
    return Operator.create(stack)


def test_issue_invoice_sends_stored_pdf(operator: Operator) -> None:
    branding = {"branding": {"color": "#0b4f6c", "email": f"office@{operator.slug}.example"}}
    operator.call("PUT", "/organization", branding)
    invoice = invoice_builders.create_issued_invoice(operator, invoice_builders.create_booked_charter(operator)["id"])
    mail = operator.stack.wait_for_mail(operator.client_email, f"^Invoice {invoice['number']}")
    assert "/pages/invoices/" in mail["BodyText"]
    stored = operator.call("GET", f"/invoices/{invoice['id']}")
    bucket = stack_deployment.read_outputs(operator.stack.config)["BucketName"]
    content = operator.stack.client("s3").get_object(Bucket=bucket, Key=stored["pdf_key"])["Body"].read()
    assert content.startswith(b"%PDF-")
    assert invoice_builders.get_invoice_pdf(operator, invoice["id"]) == content

    email = f"accounts@{operator.slug}.example"
    operator.call("PUT", f"/clients/{operator.client_id}", {"email": email})
    resent = operator.stack.wait_for_mail(email, f"^Invoice {invoice['number']}")
    operator.stack.wait_for_mail(email, "^Booking confirmed")
    assert [get_linked_page(operator.stack, each).status_code for each in (mail, resent)] == [404, 200]


def get_linked_page(stack: Stack, mail: dict[str, Any]) -> httpx.Response:
    """Get the invoice page to which a mail links."""
    [token] = set(re.findall(r"/pages/invoices/([A-Za-z0-9_-]+)", mail["BodyText"]))
    return httpx.get(f"{stack.pages_url}/invoices/{token}", timeout=60)


def test_issue_invoice_many_at_once_numbers_without_gap(stack: Stack) -> None:
    operator = Operator.create(stack)
    drafts = [
        invoice_builders.create_draft_invoice(operator, invoice_builders.create_booked_charter(operator)["id"])
        for _ in range(RACE_REQUESTS)
    ]

    start_workers(lambda: operator.send("GET", "/invoices"))
    answers = run_concurrently(RACE_REQUESTS, lambda n: operator.send("POST", f"/invoices/{drafts[n]}/issue"))
    assert count_statuses(answers) == {200: RACE_REQUESTS}, [each.text for each in answers if each.status_code != 200][
        :3
    ]
    year = operator.today().year
    numbers = sorted(response.json()["number"] for response in answers)
    code = operator.slug.replace("-", "").upper()[:12]
    assert numbers == [f"INV-{year}-{code}-{n:05d}" for n in range(1, RACE_REQUESTS + 1)]
    reconciliation = invoice_builders.get_sound_reconciliation(operator, f"{operator.today():%Y-%m}")
    receivable = next(each for each in reconciliation["comparisons"] if each["account"] == "accounts_receivable")
    assert receivable["ledger_balance"] == receivable["records_total"] == RACE_REQUESTS * PRICE
    credit = operator.call("GET", f"/clients/{operator.client_id}/credit")
    assert (credit["open_balance"], credit["booked_balance"]) == (RACE_REQUESTS * PRICE, 0)


def test_drafts_issued_and_deleted_at_once_end_in_one_way(operator: Operator) -> None:
    invoice_ids = [
        invoice_builders.create_draft_invoice(operator, invoice_builders.create_booked_charter(operator)["id"])
        for _ in range(4)
    ]

    def send(number: int) -> httpx.Response:
        invoice_id, action = invoice_ids[number // 3], number % 3
        if action == 0:
            return operator.send("POST", f"/invoices/{invoice_id}/issue")
        if action == 1:
            return operator.send("DELETE", f"/invoices/{invoice_id}")
        return operator.send("PUT", f"/invoices/{invoice_id}", {"notes": "PO 7"})

    answers = run_concurrently(12, send)
    for number, invoice_id in enumerate(invoice_ids):
        issued, deleted, updated = answers[3 * number : 3 * number + 3]
        assert {issued.is_success, deleted.is_success} == {True, False}
        assert {issued.status_code, deleted.status_code, updated.status_code} <= {200, 204, 404, 409, 412}
        stored = operator.send("GET", f"/invoices/{invoice_id}")
        assert stored.status_code == (200 if issued.is_success else 404)
        if issued.is_success:
            assert (stored.json()["status"], stored.json()["number"]) == ("issued", issued.json()["number"])
    numbers = sorted(each["number"] for each in operator.list_all("/invoices") if each["number"])
    assert [int(number[-5:]) for number in numbers] == list(range(1, len(numbers) + 1))
    invoice_builders.get_sound_reconciliation(operator, f"{operator.today():%Y-%m}")


def test_record_payment_many_at_once_pay_invoice_once(operator: Operator) -> None:
    invoice = invoice_builders.create_issued_invoice(operator, invoice_builders.create_booked_charter(operator)["id"])
    whole = {"amount": PRICE, "method": "transfer"}
    answers = run_concurrently(
        RACE_REQUESTS, lambda _: operator.send("POST", f"/invoices/{invoice['id']}/record-payment", whole)
    )
    assert count_statuses(answers) == {200: 1, 409: RACE_REQUESTS - 1}
    paid = operator.call("GET", f"/invoices/{invoice['id']}")
    assert (paid["status"], paid["amount_paid"], paid["balance_due"]) == ("paid", PRICE, 0)
    invoice_builders.get_sound_reconciliation(operator, f"{operator.today():%Y-%m}")


def test_booking_many_at_once_respects_credit_limit(stack: Stack) -> None:
    operator = Operator.create(stack)
    operator.call("PUT", f"/clients/{operator.client_id}", {"credit_limit": 5 * PRICE})
    trips = [operator.call("POST", "/charters", operator.charter_body())["id"] for _ in range(12)]
    step = {"status": "booked", "accepted_by": "Dana Lee"}
    answers = run_concurrently(12, lambda n: operator.send("POST", f"/charters/{trips[n]}/status", step))
    assert count_statuses(answers) == {200: 5, 409: 7}
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"credit_limit_exceeded"}
    assert operator.call("GET", f"/clients/{operator.client_id}/credit")["available_credit"] == 0


def _wait_for_unbilled_trips(operator: Operator, count: int) -> None:
    """Wait until a number of trips are stored as unbilled."""

    def is_stored() -> bool:
        response = operator.stack.client("dynamodb").query(
            TableName=operator.stack.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"ORG#{operator.org_id}#UNBILLED"}},
        )
        return len(response["Items"]) == count

    eventually(is_stored, 60, f"{count} trips were not stored as unbilled")


def _run_monthly_invoicing(operator: Operator) -> None:
    """Make the month's invoicing due, and run the timer that starts it."""
    month_due = MonthDue(org_id=operator.org_id, month=MONTH, due_at=datetime.now(UTC), version=1)
    operator.stack.client("dynamodb").put_item(TableName=operator.stack.table, Item=to_item(month_due))
    function = operator.stack.function("billing-schedule")
    response = operator.stack.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    assert "FunctionError" not in response, response["Payload"].read()
    machine = stack_deployment.read_outputs(operator.stack.config)["InvoicingFlowArn"]
    _wait_for_execution(operator, f"{machine.replace(':stateMachine:', ':execution:')}:{operator.org_id}-{MONTH}")


def _repeat_monthly_invoicing(operator: Operator) -> None:
    """Start the run of the same month again."""
    states = operator.stack.client("stepfunctions")
    execution = states.start_execution(
        stateMachineArn=stack_deployment.read_outputs(operator.stack.config)["InvoicingFlowArn"],
        name=f"{operator.org_id}-again",
        input=json.dumps({"org_id": operator.org_id, "month": MONTH}),
    )["executionArn"]
    _wait_for_execution(operator, execution)


def _wait_for_execution(operator: Operator, execution: str) -> None:
    """Wait until an execution has succeeded."""
    states = operator.stack.client("stepfunctions")

    def find_ended() -> dict[str, Any] | None:
        details: dict[str, Any] = states.describe_execution(executionArn=execution)
        return details if details["status"] != "RUNNING" else None

    details = eventually(find_ended, 120, "the run did not end")
    assert details["status"] == "SUCCEEDED", details


def _create_outdated_draft(operator: Operator, charter_id: str) -> None:
    """Create a draft of the run whose charter has a newer revision: it cannot be issued."""
    draft = operator.call("GET", f"/invoices/{invoice_builders.create_draft_invoice(operator, charter_id)}")
    key = INVOICE.key(org=operator.org_id, id=draft["id"])
    table, client = operator.stack.table, operator.stack.client("dynamodb")
    item = client.get_item(TableName=table, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})["Item"]
    invoice = Invoice.model_validate_json(item["doc"]["S"])
    invoice.lines[0].charter_revision, invoice.month = 99, MONTH
    client.put_item(TableName=table, Item=to_item(invoice))


def test_invoicing_run_repeated_invoices_once_despite_failure(stack: Stack) -> None:
    first, second = Operator.create(stack), Operator.create(stack)
    second.timezone = "Australia/Perth"
    second.call("PUT", "/organization", {"timezone": second.timezone})
    for operator in (first, second):
        operator.call("PUT", "/organization", {"branding": {"email": f"office@{operator.slug}.example"}})
    bolt = first.call("POST", "/clients", first.client_body("Bolt Tours", "bolt"))["id"]
    cash = first.call(
        "POST", "/clients", {**first.client_body("Cash Only", "cash"), "payment_terms": "due_on_receipt"}
    )["id"]
    for fields in ({}, {}, {"client_id": cash}):
        invoice_builders.create_completed_charter(first, **fields)
    unbillable = invoice_builders.create_completed_charter(first, client_id=bolt)
    invoice_builders.create_completed_charter(second)
    _wait_for_unbilled_trips(first, 4)
    _wait_for_unbilled_trips(second, 1)
    _create_outdated_draft(first, unbillable["id"])
    for run in (_run_monthly_invoicing, _repeat_monthly_invoicing):
        for operator in (first, second):
            run(operator)
    invoices = first.list_all("/invoices")
    assert Counter((each["client_name"], each["status"], each["total"]) for each in invoices) == {
        ("Acme Events", "issued", 2 * PRICE): 1,
        ("Bolt Tours", "draft", PRICE): 1,
    }
    assert [each["status"] for each in second.list_all("/invoices")] == ["issued"]
    office = f"office@{first.slug}.example"
    summary = stack.wait_for_mail(office, "^Invoices for October 2026: 1 failed")
    assert "Bolt Tours" in summary["BodyText"]
    assert "has changed. Update this draft" in " ".join(summary["BodyText"].split())
    assert len([each for each in stack.mails(office) if "Invoices for" in each["Subject"]]) == 1
    stack.wait_for_mail(f"office@{second.slug}.example", "^Invoices for October 2026$")
    for operator in (first, second):
        invoice_builders.get_sound_reconciliation(operator, f"{operator.today():%Y-%m}")
