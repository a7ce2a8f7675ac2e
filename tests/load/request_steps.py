"""The requests that are measured, in the order of a working day. Add one line for a new route.

Standard library only: the same steps run in process, on the built layers, and over HTTP.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tests import dates

Json = Any
FROM: Final = f"date_from={dates.trip_day(-2)}"
WEEK: Final = f"{FROM}&date_to={dates.trip_day(4)}"
MONTH: Final = f"{FROM}&date_to={dates.trip_day(28)}"
Send = Callable[[str, str, str, Json, Mapping[str, str]], tuple[int, Json]]
"""Sends one request: capability, method, path with its query, body, headers. Answers with status and content."""


@dataclass(frozen=True)
class Step:
    """One request. `{names}` in its path and body are filled from what earlier answers kept.

    `goal` is how many round trips to DynamoDB it may take, where the goals say so.
    """

    name: str
    capability: str
    method: str
    path: str
    body: Json = None
    keeps: Mapping[str, str] = field(default_factory=dict)
    first: tuple[Step, ...] = ()
    """Steps that must be taken anew, unmeasured, each time before this one."""
    anyone: bool = False
    goal: int | None = None
    times: int = 1
    """Which share of the rounds it takes part in: every round, every second, …"""


def _post(name: str, capability: str, path: str, body: Json, **more: Any) -> Step:
    return Step(name, capability, "POST", path, body, **more)


def _get(name: str, capability: str, path: str, **more: Any) -> Step:
    return Step(name, capability, "GET", path, **more)


CHARTER: Final = {
    "client_id": "{client_id}",
    "trip_type": "one_way",
    "vehicle_class": "coach",
    "vehicle_count": 1,
    "passengers": 40,
    "requires_second_driver": False,
    "amenities": [],
    "stops": [
        {
            "stop_type": "pickup",
            "address": "11 Wall St, New York, NY",
            "latitude": 40.7074,
            "longitude": -74.0113,
            "estimated_departure": dates.at("09:00"),
        },
        {
            "stop_type": "dropoff",
            "address": "1901 Boardwalk, Atlantic City, NJ",
            "latitude": 39.3560,
            "longitude": -74.4310,
            "estimated_arrival": dates.at("12:00"),
        },
    ],
    "miles": 130,
    "notes": "",
}
CLIENT: Final = {
    "name": "Acme Events {n}",
    "client_type": "corporate",
    "email": "events-{n}@acme.example",
    "phone": "+12125550123",
    "payment_terms": "net_30",
    "credit_limit": 0,
}
ORDER: Final = {name: CHARTER[name] for name in CHARTER if name not in {"amenities", "stops"}} | {
    "stops": [
        {"address": "11 Wall St, New York, NY", "latitude": 40.7074, "longitude": -74.0113},
        {"address": "1901 Boardwalk, Atlantic City, NJ", "latitude": 39.3560, "longitude": -74.4310},
    ]
}
"""What the floor keeps: a charter's plain fields."""

_PASSWORD: Final = "a long enough password of the bench"
_RULE: Final = {"scope": "global", "priority": 10}

ADD_CLIENT: Final = _post(
    "create a client", "clients", "/clients", CLIENT, keeps={"client_id": "id", "client_email": "email"}, goal=1
)
ADD_CHARTER: Final = _post(
    "create a charter", "bookings", "/charters", CHARTER, keeps={"charter_id": "id", "revision": "revision_number"}
)
SEND: Final = _post(
    "send a quote",
    "bookings",
    "/charters/{charter_id}/send-quote",
    {"expires_in_hours": 72},
    keeps={"token": "token", "revision": "revision_number"},
)
ADD_VENDOR: Final = _post(
    "register a vendor",
    "vendors",
    "/vendors",
    {
        "business_name": "Premium Coach Lines {n}",
        "vendor_type": "fleet_operator",
        "primary_contact_name": "John Smith",
        "primary_email": "john-{n}@premium.example",
        "total_vehicles": 10,
        "max_passenger_capacity": 56,
        "service_states": ["NY", "NJ"],
    },
)
DRAFT_BID: Final = _post(
    "draft a bid",
    "bids",
    "/bids",
    {
        "vendor_id": "{vendor_id}",
        "charter_id": "{charter_id}",
        "quoted_price": 500,
        "vehicle_type": "coach",
        "passenger_capacity": 56,
    },
    keeps={"bid_id": "id"},
    first=(ADD_CHARTER,),
)
SUBMIT_BID: Final = _post("submit a bid", "bids", "/bids/{bid_id}/submit", {}, first=(ADD_CHARTER, DRAFT_BID))
_PAPERS: Final = (
    "business_license",
    "insurance_certificate",
    "vehicle_registration",
    "driver_background_check",
    "safety_inspection",
)
A_VENDOR_WITH_PAPERS: Final = (
    replace(ADD_VENDOR, keeps={"vendor_id": "id"}),
    Step("approve a vendor", "vendors", "PATCH", "/vendors/{vendor_id}/status?new_status=active"),
    *(
        step
        for kind in _PAPERS
        for step in (
            _post(
                "hand in a paper",
                "compliance",
                "/compliance",
                {
                    "vendor_id": "{vendor_id}",
                    "document_type": kind,
                    "document_name": kind,
                    "document_number": "{n}",
                    "issue_date": "2026-01-01",
                    "expiration_date": f"{dates.EXPIRY_DAY}",
                },
                keeps={"compliance_id": "id"},
            ),
            Step("review a paper", "compliance", "PUT", "/compliance/{compliance_id}", {"status": "approved"}),
        )
    ),
)

_DRIVERS_PAPERS: Final = ("drivers_license", "medical_certificate", "background_check")
_VEHICLES_PAPERS: Final = ("vehicle_registration", "insurance_certificate", "safety_inspection")


def _with_papers(whose: str, kinds: tuple[str, ...]) -> tuple[Step, ...]:
    """Hand in and approve what a driver or vehicle must have."""
    found: list[Step] = []
    for kind in kinds:
        paper: dict[str, Json] = {
            whose: f"{{{whose}}}",
            "document_type": kind,
            "document_name": kind,
            "expiration_date": f"{dates.EXPIRY_DAY}",
        }
        if kind == "drivers_license":
            paper |= {"license_class": "B", "endorsements": ["P"]}
        found.append(_post("hand in a paper", "compliance", "/compliance", paper, keeps={"compliance_id": "id"}))
        found.append(Step("review a paper", "compliance", "PUT", "/compliance/{compliance_id}", {"status": "approved"}))
    return tuple(found)


A_DRIVER_AND_A_COACH: Final = (
    _post(
        "add a driver",
        "fleet",
        "/drivers",
        {
            "first_name": "Rosa",
            "last_name": "Delgado",
            "phone": "+12125550177",
            "license_number": "D1234567",
            "license_class": "B",
            "endorsements": ["P"],
            "license_expires": f"{dates.EXPIRY_DAY}",
            "home_latitude": 40.7282,
            "home_longitude": -74.0776,
            "duty_statement": [0] * 7,
        },
        keeps={"driver_id": "id"},
    ),
    _post(
        "add a vehicle",
        "fleet",
        "/vehicles",
        {"name": "Coach 12", "vehicle_class": "coach", "capacity": 56, "plate": "NJ 12 345"},
        keeps={"vehicle_id": "id"},
    ),
    *_with_papers("driver_id", _DRIVERS_PAPERS),
    *_with_papers("vehicle_id", _VEHICLES_PAPERS),
)
_ASSIGNED: Final = {"assignment_id": "id"}
ASSIGN: Final = _post(
    "assign a driver",
    "dispatch",
    "/dispatch/assignments",
    {"charter_id": "{charter_id}", "driver_id": "{driver_id}", "vehicle_id": "{vehicle_id}"},
    keeps=_ASSIGNED,
    first=(ADD_CHARTER,),
)
RELEASE: Final = _post(
    "release a driver", "dispatch", "/dispatch/assignments/{assignment_id}/release", {"reason": "another plan"}
)

BOOK: Final = _post(
    "book for a client",
    "bookings",
    "/charters/{charter_id}/status",
    {"status": "booked", "accepted_by": "Dana Lee"},
    first=(ADD_CHARTER,),
)
DRAFT_INVOICE: Final = _post(
    "draft an invoice",
    "billing",
    "/invoices",
    {"charter_id": "{charter_id}"},
    keeps={"invoice_id": "id"},
    first=(BOOK,),
)
ISSUE: Final = _post("issue an invoice", "billing", "/invoices/{invoice_id}/issue", {}, first=(DRAFT_INVOICE,))
PAY_IN_PART: Final = _post(
    "record a payment",
    "billing",
    "/invoices/{invoice_id}/record-payment",
    {"amount": 100, "method": "check", "reference": "{n}"},
    first=(ISSUE,),
)

SIGN_UP: Final = (
    _post(
        "register an organization",
        "identity",
        "/auth/register",
        {
            "organization": {
                "name": "Harbor Coach",
                "slug": "bench-{n}",
                "timezone": "America/New_York",
                "currency": "USD",
            },
            "admin": {
                "email": "ana-{n}@harbor.example",
                "password": _PASSWORD,
                "first_name": "Ana",
                "last_name": "Ruiz",
            },
        },
        keeps={"slug": "organization.slug", "email": "user.email"},
        anyone=True,
    ),
    _post(
        "log in",
        "identity",
        "/auth/login",
        {"organization": "{slug}", "email": "{email}", "password": _PASSWORD},
        keeps={"access": "access_token"},
        anyone=True,
    ),
)
PREPARE: Final = (
    *(
        _post("add a rule", "pricing", "/pricing/pricing-rules", {**_RULE, **rule}, keeps={"rule_id": "id"})
        for rule in (
            {"name": "Coach base", "rule_type": "base_rate", "amount": 350},
            {"name": "Per mile", "rule_type": "mileage_rate", "amount": 2.5},
            {"name": "Weekend", "rule_type": "time_multiplier", "percent": 25, "weekdays": ["saturday", "sunday"]},
        )
    ),
    ADD_CLIENT,
    *A_VENDOR_WITH_PAPERS,
    *A_DRIVER_AND_A_COACH,
)
MEASURED: Final = (
    ADD_CLIENT,
    _get("get a client", "clients", "/clients/{client_id}", goal=1),
    _get("list 20 clients", "clients", "/clients?limit=20", goal=1),
    Step("update a client", "clients", "PUT", "/clients/{client_id}", {"notes": "pays late {n}"}, goal=2),
    _post(
        "calculate a quote",
        "pricing",
        "/pricing/calculate-quote",
        {
            "client_id": "{client_id}",
            "vehicle_class": "coach",
            "trip_date": f"{dates.TRIP_DAY}",
            "miles": 150,
            "passengers": 40,
            "amenities": [],
            "promo_code": None,
        },
        keeps={"quote_id": "id"},
    ),
    _get("get a quote", "pricing", "/pricing/quotes/{quote_id}", goal=1),
    _get("list 20 rules", "pricing", "/pricing/pricing-rules?limit=20", goal=1),
    ADD_CHARTER,
    _get("get a charter", "bookings", "/charters/{charter_id}", goal=1),
    _get("list 20 charters", "bookings", "/charters?limit=20", goal=1),
    _get("list 20 charters of a status", "bookings", "/charters?limit=20&status=quote", goal=1),
    _get("list 20 charters by departure", "bookings", f"/charters?limit=20&{MONTH}"),
    _get("list a client's charters", "bookings", "/clients/{client_id}/charters?limit=20"),
    Step("note on a charter", "bookings", "PUT", "/charters/{charter_id}", {"notes": "two dogs {n}"}, goal=2),
    Step(
        "revise a charter",
        "bookings",
        "PUT",
        "/charters/{charter_id}",
        {"miles": 131},
        keeps={"revision": "revision_number"},
        first=(ADD_CHARTER,),
    ),
    _get("history of a charter", "bookings", "/charters/{charter_id}/history"),
    _get("dashboard", "bookings", "/charters/dashboard-summary", goal=1),
    SEND,
    _get("read a quote by its link", "bookings", "/quotes/{token}", anyone=True),
    _post(
        "accept a quote",
        "bookings",
        "/quotes/{token}/accept",
        {"revision_number": "{revision}", "accepted_by": "Dana Lee"},
        first=(ADD_CHARTER, SEND),
        anyone=True,
    ),
    _post("clone a charter", "bookings", "/charters/{charter_id}/clone", {}, times=4),
    _post(
        "a series of 12",
        "bookings",
        "/charters/recurring?recurrence_rule=weekly&instance_count=12",
        CHARTER,
        times=8,
    ),
    ADD_VENDOR,
    _get("get a vendor", "vendors", "/vendors/{vendor_id}", goal=1),
    _get("list 20 vendors", "vendors", "/vendors?limit=20", goal=1),
    _get("a vendor's standing", "vendors", "/vendors/{vendor_id}/compliance/status"),
    _get("list papers to review", "compliance", "/compliance?status=pending"),
    replace(DRAFT_BID, times=2),
    replace(SUBMIT_BID, times=2),
    replace(_get("get a bid", "bids", "/bids/{bid_id}"), times=2),
    replace(_get("compare bids", "bids", "/charters/{charter_id}/bids/comparison"), times=2),
    _post(
        "award a bid",
        "bids",
        "/bids/{bid_id}/accept",
        {"decision": "accept", "reason": "best price"},
        first=(ADD_CHARTER, DRAFT_BID, SUBMIT_BID),
        times=2,
    ),
    _get("get a driver", "fleet", "/drivers/{driver_id}", goal=1),
    _get("list 20 drivers", "fleet", "/drivers?limit=20", goal=1),
    _get("list 20 vehicles", "fleet", "/vehicles?limit=20&status=in_service", goal=1),
    Step("change a driver", "fleet", "PUT", "/drivers/{driver_id}", {"license_number": "{n}"}, goal=2),
    replace(ASSIGN, times=2),
    replace(_get("get an assignment", "dispatch", "/dispatch/assignments/{assignment_id}", goal=1), times=2),
    _get("list 20 assignments", "dispatch", f"/dispatch/assignments?limit=20&{MONTH}"),
    _get(
        "a driver's calendar",
        "dispatch/calendars_api",
        "/calendar/drivers/{driver_id}?" + FROM,
        goal=2,
    ),
    _get("a driver's hours", "dispatch/calendars_api", "/drivers/{driver_id}/hours", goal=2),
    _get(
        "the fleet's calendar",
        "dispatch/calendars_api",
        f"/calendar/fleet?{WEEK}",
    ),
    replace(_post("accept an assignment", "dispatch", "/dispatch/assignments/{assignment_id}/accept", {}), times=2),
    _post(
        "open a recovery",
        "dispatch",
        "/dispatch/recoveries",
        {"assignment_id": "{assignment_id}", "reason": "breakdown"},
        keeps={"recovery_id": "id"},
        times=2,
    ),
    replace(_get("get a recovery", "dispatch", "/dispatch/recoveries/{recovery_id}", goal=1), times=2),
    replace(_get("list 20 recoveries", "dispatch", "/dispatch/recoveries?limit=20"), times=2),
    replace(_post("cancel a recovery", "dispatch", "/dispatch/recoveries/{recovery_id}/cancel", {}), times=2),
    replace(_get("the board of a day", "dispatch", f"/dispatch/board?day={dates.TRIP_DAY}"), times=2),
    replace(RELEASE, times=2),
    _post(
        "assign automatically",
        "dispatch",
        "/dispatch/assignments/auto",
        {"charter_id": "{charter_id}"},
        keeps={"assignment_id": "assignment.id"},
        first=(ADD_CHARTER,),
        times=2,
    ),
    replace(RELEASE, name="release what was assigned automatically", times=2),
    replace(DRAFT_INVOICE, times=2),
    replace(ISSUE, times=2),
    replace(PAY_IN_PART, times=2),
    replace(_get("get an invoice", "billing", "/invoices/{invoice_id}", goal=1), times=2),
    _get("list 20 invoices", "billing", "/invoices?limit=20", goal=1),
    _get("list 20 entries of the ledger", "billing", "/billing/ledger?limit=20", goal=1),
    _get("what clients owe, by age", "billing", "/billing/aging/receivable"),
    _get("list 20 payments", "billing/payments_api", "/payments?limit=20", goal=1),
    _get("list 20 refunds", "billing/refunds_api", "/refunds?limit=20", goal=1),
    _get("list 20 payables", "billing/payables_api", "/billing/payables?limit=20", goal=1),
    _get("who am I", "identity", "/auth/me"),
    replace(SIGN_UP[1], times=8),
)
GROWING: Final = tuple(step for step in MEASURED if step.times == 1)
"""Those whose cost must not depend on how many charters there are."""
FIRST: Final = tuple(
    step for step in MEASURED if step.name in {"get a client", "calculate a quote", "create a charter", "who am I"}
)
"""What the first request after a cold start asks, of each function; it can be asked again and again."""
_OF_BOOKING: Final = frozenset({"create a charter", "send a quote", "read a quote by its link", "accept a quote"})
BOOKING: Final = (
    *(step for step in MEASURED if step.name in _OF_BOOKING | {"revise a charter"}),
    Step("the page of a quote", "pages", "GET", "/pages/quotes/{token}", anyone=True),
)
"""From the question to the booking."""
LOOKING: Final = tuple(step for step in MEASURED if step.name in {"get a charter", "list 20 charters", "dashboard"})


class Day:
    """Takes steps one after the other, and remembers what their answers said."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.known: dict[str, Json] = {}

    def take(self, step: Step) -> Json:
        """Take a step, after those that must come first. Raises RuntimeError when it is refused."""
        return self.ask(*self.ready(step))

    def ready(self, step: Step) -> tuple[Step, str, Json, dict[str, str]]:
        """A step's request, with everything before it done: only the asking is left."""
        for before in step.first:
            self.take(before)
        self.known["n"] = uuid.uuid4().hex[:12]
        headers = {"Content-Type": "application/json"}
        if not step.anyone:
            headers["Authorization"] = f"Bearer {self.known['access']}"
        if step.method == "POST":
            headers["Idempotency-Key"] = uuid.uuid4().hex
        return step, self._filled(step.path), self._filled(step.body), headers

    def ask(self, step: Step, path: str, body: Json, headers: Mapping[str, str]) -> Json:
        """Send a request that is ready."""
        status, content = self._send(step.capability, step.method, path, body, headers)
        if status >= 400:
            raise RuntimeError(f"{step.name}: {step.method} {path} was answered {status}: {json.dumps(content)[:600]}")
        for name, place in step.keeps.items():
            value = content
            for part in place.split("."):
                value = value[part]
            self.known[name] = value
        return content

    def _filled(self, part: Json) -> Json:
        if isinstance(part, dict):
            return {name: self._filled(each) for name, each in part.items()}
        if isinstance(part, list):
            return [self._filled(each) for each in part]
        if not isinstance(part, str):
            return part
        if part.startswith("{") and part.endswith("}") and part[1:-1] in self.known:
            return self.known[part[1:-1]]
        for name, value in self.known.items():
            part = part.replace(f"{{{name}}}", str(value))
        return part
