"""An organization on the deployed stack that takes card payments and refunds them, with Stripe's sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

import httpx

from tests.stack import Stack, eventually
from tests.workflows.organization_builders import PASSWORD, Operator

KEY = "sk_test_12345"


@dataclass
class BillingOrganization:
    """An operator whose client pays in advance by card."""

    operator: Operator

    @property
    def stack(self) -> Stack:
        return self.operator.stack

    @classmethod
    def create(cls, stack: Stack) -> BillingOrganization:
        operator = Operator.create(stack)
        operator.call("PUT", "/organization", {"branding": {"email": f"office@{operator.slug}.example"}})
        before = operator.call("GET", f"/clients/{operator.client_id}")
        operator.call("PUT", f"/clients/{before['id']}", {"payment_terms": "due_on_receipt", "credit_limit": 0})
        return cls(operator)

    @property
    def office_email(self) -> str:
        return f"office@{self.operator.slug}.example"

    def today(self) -> date:
        """Today in the organization's time zone, which may differ from the day in UTC."""
        return self.operator.today()

    def create_booked_charter(self, *, departs_in_hours: float = 24 * 60, **fields: Any) -> dict[str, Any]:
        """Create a booked charter that departs in a number of hours."""
        departure = datetime.now(UTC) + timedelta(hours=departs_in_hours)
        first, last = self.operator.charter_body()["stops"]
        first["estimated_departure"] = departure.isoformat()
        last["estimated_arrival"] = (departure + timedelta(hours=3)).isoformat()
        charter = self.operator.call("POST", "/charters", self.operator.charter_body(stops=[first, last], **fields))
        body = {"status": "booked", "accepted_by": "Dana Lee", "reason": "By phone"}
        self.operator.call("POST", f"/charters/{charter['id']}/status", body)
        return dict(charter)

    def create_card_payment(self, charter_id: str, amount: float, card: str = "pm_card_visa") -> dict[str, Any]:
        """Pay for a charter by card; the payment must succeed."""
        body = {"charter_id": charter_id, "amount": amount, "payment_method_id": card}
        payment = dict(self.operator.call("POST", "/payments/process", body))
        assert payment["status"] == "succeeded", payment
        return payment

    def request_refund(self, payment_id: str, amount: float) -> dict[str, Any]:
        """Request a refund of a payment."""
        body = {"payment_id": payment_id, "amount": amount, "reason": "The coach had no wifi"}
        return dict(self.operator.call("POST", "/payments/refund", body))

    def approve_refund(self, refund_id: str, reason: str = "Fair enough") -> None:
        """Approve a refund as a second manager, because the admin requested it."""
        self.operator.call(
            "POST", f"/refunds/{refund_id}/approve", {"reason": reason}, authorization=f"Bearer {self._approver_token}"
        )

    @cached_property
    def _approver_token(self) -> str:
        email = f"mia@{self.operator.slug}.example"
        manager = {"email": email, "first_name": "Mia", "last_name": "Stone", "role": "manager", "password": PASSWORD}
        self.operator.call("POST", "/users", manager)
        credentials = {"organization": self.operator.slug, "email": email, "password": PASSWORD}
        return str(self.operator.call("POST", "/auth/login", credentials)["access_token"])

    def wait_for_refund_status(self, refund_id: str, status: str, seconds: float = 60) -> dict[str, Any]:
        """Wait until a refund has a status; returns the refund."""

        def find_refund() -> dict[str, Any] | None:
            refund = self.operator.call("GET", f"/refunds/{refund_id}")
            return refund if refund["status"] == status else None

        return eventually(
            find_refund, seconds, f"the refund is not {status}: {self.operator.call('GET', f'/refunds/{refund_id}')}"
        )

    def get_charter(self, charter_id: str) -> dict[str, Any]:
        return dict(self.operator.call("GET", f"/charters/{charter_id}"))

    def list_refunded_cents(self, payment: dict[str, Any]) -> list[int]:
        """The amounts in cents of a payment's refunds at Stripe."""
        response = httpx.get(
            f"{self.stack.config.stripe_url}/v1/refunds",
            params={"payment_intent": payment["stripe_payment_intent_id"]},
            headers={"authorization": f"Bearer {KEY}"},
            timeout=60,
        )
        return [each["amount"] for each in response.json()["data"]]

    def get_payment(self, payment_id: str) -> dict[str, Any]:
        return dict(self.operator.call("GET", f"/payments/{payment_id}"))

    def simulate_bank(self, event: str, **fields: Any) -> dict[str, Any]:
        """Simulate an action of the payer's bank in Stripe's sandbox, which sends its webhook."""
        response = httpx.post(f"{self.stack.config.stripe_url}/_config/{event}", json=fields, timeout=10)
        return dict(response.raise_for_status().json())

    def set_stripe_mode(self, mode: str, *, times: int) -> None:
        """Set how Stripe's sandbox answers the next calls that move money."""
        body = {"mode": mode, "times": times}
        httpx.post(f"{self.stack.config.stripe_url}/_config/behave", json=body, timeout=10).raise_for_status()

    def list_executions(self, workflow: str, subject_id: str) -> list[dict[str, Any]]:
        """The executions of a workflow for a subject, newest first."""
        states = self.stack.client("stepfunctions")
        [machine] = [
            execution["stateMachineArn"]
            for execution in states.list_state_machines()["stateMachines"]
            if execution["name"].endswith(f"-{workflow}")
        ]
        executions = states.list_executions(stateMachineArn=machine, maxResults=1000)["executions"]
        details = [states.describe_execution(executionArn=execution["executionArn"]) for execution in executions]
        return [execution for execution in details if subject_id in execution["input"]]

    def wait_for_executions(self, workflow: str, subject_id: str, *count_statuses: str) -> None:
        """Wait until the executions have exactly these statuses, newest first."""

        def has_ended() -> bool:
            return [each["status"] for each in self.list_executions(workflow, subject_id)] == list(count_statuses)

        eventually(has_ended, 60, f"the executions have other statuses: {self.list_executions(workflow, subject_id)}")

    def get_account_balances(self) -> dict[str, int]:
        """The balance of each account in cents, without zeros; the sum of all must be zero."""
        balances: dict[str, int] = {}
        for entry in self.operator.list_all("/billing/ledger"):
            for line in entry["postings"]:
                balances[line["account"]] = balances.get(line["account"], 0) + round(line["amount"] * 100)
        assert sum(balances.values()) == 0
        return {name: cents for name, cents in balances.items() if cents}
