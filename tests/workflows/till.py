"""A carrier that is paid by card, on the deployed stack with Stripe's sandbox, and gives money back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from tests.stack import Stack, eventually
from tests.workflows.carrier import Carrier

KEY = "sk_test_12345"


@dataclass
class Till:
    """A carrier, and what goes in and out of its till."""

    carrier: Carrier

    @property
    def stack(self) -> Stack:
        return self.carrier.stack

    @classmethod
    def opened(cls, stack: Stack) -> Till:
        carrier = Carrier.opened(stack)
        carrier.ask("PUT", "/organization", {"branding": {"email": f"office@{carrier.slug}.example"}})
        before = carrier.ask("GET", f"/clients/{carrier.client_id}")
        carrier.ask("PUT", f"/clients/{before['id']}", {"payment_terms": "due_on_receipt", "credit_limit": 0})
        return cls(carrier)

    @property
    def office(self) -> str:
        return f"office@{self.carrier.slug}.example"

    def today(self) -> date:
        """Today where the organization is, and its trips begin: not the day in UTC."""
        return self.carrier.today()

    def booked(self, *, in_hours: float = 24 * 60, **fields: Any) -> dict[str, Any]:
        """A charter that leaves in so many hours, booked by phone."""
        leaves = datetime.now(UTC) + timedelta(hours=in_hours)
        first, last = self.carrier.trip()["stops"]
        first["estimated_departure"] = leaves.isoformat()
        last["estimated_arrival"] = (leaves + timedelta(hours=3)).isoformat()
        charter = self.carrier.ask("POST", "/charters", self.carrier.trip(stops=[first, last], **fields))
        said = {"status": "booked", "accepted_by": "Dana Lee", "reason": "By phone"}
        self.carrier.ask("POST", f"/charters/{charter['id']}/status", said)
        return dict(charter)

    def paid(self, charter_id: str, amount: float, card: str = "pm_card_visa") -> dict[str, Any]:
        """A payment by card for a charter."""
        body = {"charter_id": charter_id, "amount": amount, "payment_method_id": card}
        payment = dict(self.carrier.ask("POST", "/payments/process", body))
        assert payment["status"] == "succeeded", payment
        return payment

    def refund(self, payment_id: str, amount: float) -> dict[str, Any]:
        """One that is asked for."""
        body = {"payment_id": payment_id, "amount": amount, "reason": "The coach had no wifi"}
        return dict(self.carrier.ask("POST", "/payments/refund", body))

    def becomes(self, refund_id: str, status: str, seconds: float = 60) -> dict[str, Any]:
        """The refund, once it is in a status."""

        def look() -> dict[str, Any] | None:
            known = self.carrier.ask("GET", f"/refunds/{refund_id}")
            return known if known["status"] == status else None

        return eventually(
            look, seconds, f"the refund is not {status}: {self.carrier.ask('GET', f'/refunds/{refund_id}')}"
        )

    def charter(self, charter_id: str) -> dict[str, Any]:
        return dict(self.carrier.ask("GET", f"/charters/{charter_id}"))

    def given_back(self, payment: dict[str, Any]) -> list[int]:
        """The cents of each refund that Stripe knows of a payment."""
        answer = httpx.get(
            f"{self.stack.config.stripe_url}/v1/refunds",
            params={"payment_intent": payment["stripe_payment_intent_id"]},
            headers={"authorization": f"Bearer {KEY}"},
        )
        return [each["amount"] for each in answer.json()["data"]]

    def payment(self, payment_id: str) -> dict[str, Any]:
        return dict(self.carrier.ask("GET", f"/payments/{payment_id}"))

    def bank(self, what: str, **wish: Any) -> dict[str, Any]:
        """A payer's bank does something, which Stripe's sandbox tells of."""
        answer = httpx.post(f"{self.stack.config.stripe_url}/_config/{what}", json=wish, timeout=10)
        return dict(answer.raise_for_status().json())

    def behave(self, mode: str, *, times: int) -> None:
        """How Stripe's sandbox answers the next calls that move money."""
        wish = {"mode": mode, "times": times}
        httpx.post(f"{self.stack.config.stripe_url}/_config/behave", json=wish, timeout=10).raise_for_status()

    def executions(self, flow: str, subject_id: str) -> list[dict[str, Any]]:
        """The executions of a flow that look after something, newest first."""
        states = self.stack.client("stepfunctions")
        [machine] = [
            each["stateMachineArn"]
            for each in states.list_state_machines()["stateMachines"]
            if each["name"].endswith(f"-{flow}")
        ]
        listed = states.list_executions(stateMachineArn=machine, maxResults=1000)["executions"]
        known = [states.describe_execution(executionArn=each["executionArn"]) for each in listed]
        return [each for each in known if subject_id in each["input"]]

    def ended(self, flow: str, subject_id: str, *statuses: str) -> None:
        """Wait until the executions have ended in these statuses, the newest first."""

        def look() -> bool:
            return [each["status"] for each in self.executions(flow, subject_id)] == list(statuses)

        eventually(look, 60, f"the flow did not end so: {self.executions(flow, subject_id)}")

    def ledger(self) -> dict[str, int]:
        """What each account adds up to, in cents; all of them to zero."""
        found: dict[str, int] = {}
        for entry in self.carrier.everything("/billing/ledger"):
            for line in entry["postings"]:
                found[line["account"]] = found.get(line["account"], 0) + round(line["amount"] * 100)
        assert sum(found.values()) == 0
        return {name: cents for name, cents in found.items() if cents}
