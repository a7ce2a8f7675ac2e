"""An operator's organization on the deployed stack, and helpers for concurrent requests."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx

from tests import dates
from tests.stack import Stack, eventually

T = TypeVar("T")

PASSWORD = "correct horse battery staple"
RACE_WORKERS: Final = int(os.environ.get("RACE_WORKERS", "8"))
"""How many requests run at the same time. The emulator starts a process for each."""
RACE_REQUESTS: Final = max(16, RACE_WORKERS)
"""How many requests compete in a race."""
REQUEST_TIMEOUT = 180
"""The timeout of a request in seconds: the emulator may have to start many processes first."""


@dataclass
class Operator:
    """An organization with prices and one client. 150 miles on a Wednesday cost 350 + 375 + 1.50 = 726.50."""

    stack: Stack
    slug: str = field(default_factory=lambda: f"harbor-{uuid.uuid4().hex[:8]}")
    org_id: str = ""
    tokens: dict[str, str] = field(default_factory=dict)
    client_id: str = ""
    timezone: str = "America/New_York"

    @classmethod
    def create(cls, stack: Stack) -> Operator:
        """Register, log in, set prices and add a client."""
        operator = cls(stack)
        operator.org_id = operator.call("POST", "/auth/register", operator.registration_body())["organization"]["id"]
        operator.tokens = operator.log_in()
        operator.call("PUT", "/organization", {"fuel_surcharge_per_mile": 0.01})
        for rule in (
            {"name": "Coach base", "rule_type": "base_rate", "amount": 350, "priority": 10},
            {"name": "Per mile", "rule_type": "mileage_rate", "amount": 2.5},
        ):
            operator.call("POST", "/pricing/pricing-rules", {"scope": "global", **rule})
        operator.client_id = operator.call("POST", "/clients", operator.client_body("Acme Events", "events"))["id"]
        return operator

    def today(self) -> date:
        """Today in the organization's time zone, which may differ from the day in UTC."""
        return datetime.now(ZoneInfo(self.timezone)).date()

    @property
    def admin_email(self) -> str:
        return f"ana@{self.slug}.example"

    @property
    def client_email(self) -> str:
        return f"events@{self.slug}.example"

    @cached_property
    def http(self) -> httpx.Client:
        limits = httpx.Limits(max_connections=None)
        return httpx.Client(base_url=self.stack.api_url, timeout=REQUEST_TIMEOUT, limits=limits)

    def registration_body(self) -> dict[str, Any]:
        """The body of the registration."""
        organization = {"name": "Harbor Coach", "slug": self.slug, "timezone": self.timezone, "currency": "USD"}
        admin = {"email": self.admin_email, "password": PASSWORD, "first_name": "Ana", "last_name": "Ruiz"}
        return {"organization": organization, "admin": admin}

    def client_body(self, name: str, mailbox: str) -> dict[str, Any]:
        """The body of a client that pays by invoice."""
        terms = {"payment_terms": "net_30", "credit_limit": 1_000_000}
        return {"name": name, "client_type": "corporate", "email": f"{mailbox}@{self.slug}.example", **terms}

    def log_in(self) -> dict[str, str]:
        """Log in as the admin; returns new tokens."""
        credentials = {"organization": self.slug, "email": self.admin_email, "password": PASSWORD}
        tokens: dict[str, str] = self.call("POST", "/auth/login", credentials)
        return tokens

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Send a request as the admin. Header names are written with `_` for `-`."""
        sent_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.tokens:
            sent_headers.setdefault("authorization", f"Bearer {self.tokens['access_token']}")
        return self.http.request(method, path, json=body, headers=sent_headers)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a request that must succeed; returns the JSON of its answer."""
        response = self.send(method, path, body, **headers)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def charter_body(self, **more: Any) -> dict[str, Any]:
        """The body of a charter: a coach from Wall Street to Atlantic City, on a Wednesday."""
        stops = [
            {
                "stop_type": "pickup",
                "address": "11 Wall St, New York, NY",
                "estimated_departure": dates.at("09:00"),
            },
            {
                "stop_type": "dropoff",
                "address": "1901 Boardwalk, Atlantic City, NJ",
                "estimated_arrival": dates.at("12:00"),
            },
        ]
        return {
            "client_id": self.client_id,
            "trip_type": "one_way",
            "vehicle_class": "coach",
            "passengers": 40,
            "stops": stops,
            "miles": 150,
            **more,
        }

    def create_quoted_charter(self, **more: Any) -> dict[str, Any]:
        """Create a charter and send its quote; adds the `url` and `token` of the quote's page."""
        charter = self.call("POST", "/charters", self.charter_body(**more))
        sent = self.call("POST", f"/charters/{charter['id']}/send-quote", {"expires_in_hours": 72})
        return {**charter, "url": sent["url"], "token": sent["token"]}

    def accept_quote(self, token: str) -> httpx.Response:
        """Accept revision 1 of a quote as its client."""
        return self.http.post(f"/quotes/{token}/accept", json={"revision_number": 1, "accepted_by": "Dana Lee"})

    def invite_user(self, mailbox: str) -> str:
        """Invite a user; returns the email address."""
        email = f"{mailbox}@{self.slug}.example"
        self.call("POST", "/users/invite", {"email": email, "role": "staff", "first_name": "Sam", "last_name": "Tran"})
        return email

    def list_history(self, charter_id: str) -> list[dict[str, Any]]:
        """The history of a charter, oldest first."""
        entries: list[dict[str, Any]] = self.call("GET", f"/charters/{charter_id}/history")["items"]
        return entries

    def list_all(self, path: str, **query: str) -> list[dict[str, Any]]:
        """All items of a list, from all its pages."""
        items: list[dict[str, Any]] = []
        while True:
            page = self.call("GET", f"{path}?{urlencode({'limit': 100, **query})}")
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            query["cursor"] = page["next_cursor"]

    def list_notifications(self, recipient: str = "") -> list[dict[str, Any]]:
        """The notifications (to an address), newest first."""
        return self.list_all("/notifications", **({"recipient": recipient} if recipient else {}))


def wait_for_one_mail(operator: Operator, email: str, *, since_restart: datetime | None = None) -> None:
    """Wait until the only notification to an address is sent: one mail, or one per interrupted attempt.

    The emulator forgets mails when it stops: those sent before `since_restart` are known by their notification only.
    """

    def find_sent() -> dict[str, Any] | None:
        records = operator.list_notifications(email)
        assert len(records) <= 1, records
        return records[0] if records and records[0]["status"] == "sent" else None

    record = eventually(find_sent, 90, f"the message to {email} was not sent")
    is_remembered = since_restart is None or datetime.fromisoformat(record["sent_at"]) > since_restart
    assert is_remembered <= len(operator.stack.mails(email)) <= record["attempts"]


def run_concurrently(count: int, call: Callable[[int], T]) -> list[T]:
    """Make the call in `count` threads at the same moment, `RACE_WORKERS` at a time; return the results in order."""
    ready, slots = threading.Barrier(count), threading.Semaphore(RACE_WORKERS)

    def run(number: int) -> T:
        ready.wait()
        with slots:
            return call(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def count_statuses(answers: list[httpx.Response]) -> dict[int, int]:
    """The number of answers by status."""
    counts: dict[int, int] = {}
    for response in answers:
        counts[response.status_code] = counts.get(response.status_code, 0) + 1
    return counts


def start_workers(call: Callable[[], httpx.Response]) -> None:
    """Make the emulator start all processes before a concurrent test, which does not test their start."""
    for _ in range(5):
        answers = run_concurrently(RACE_WORKERS, lambda _: call())
        if count_statuses(answers) == {200: RACE_WORKERS}:
            return
    raise AssertionError(f"the emulator could not start {RACE_WORKERS} processes: {count_statuses(answers)}")
