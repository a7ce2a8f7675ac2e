"""The requests that are measured, in the order of a working day. Add a line for a new route."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from tests.load.request_steps import RequestStep, get, post
from tests.load.sales_requests import SALES_REQUESTS
from tests.load.setup_requests import (
    BASELINE_ORDER,
    CHARTER,
    CREATE_CHARTER,
    CREATE_CLIENT,
    CREATE_VENDOR,
    MONTH,
    SEND_QUOTE,
    SIGN_UP,
    TODAY,
    TRIP_DAY,
)

_MONTH_QUERY: Final = f"date_from={MONTH[0]}&date_to={MONTH[1]}"
_WEEK_QUERY: Final = f"date_from={TRIP_DAY}&date_to={TRIP_DAY + timedelta(days=6)}"

BASELINE: Final = post("baseline", "baseline", "/orders", BASELINE_ORDER, is_public=True)
BASELINE_IDEMPOTENT: Final = post(
    "baseline, idempotent", "baseline", "/orders/idempotent", BASELINE_ORDER, is_public=True
)
BASELINE_CHARTER_CALLS: Final = post(
    "baseline, with a charter's calls", "baseline", "/orders/charter-calls", BASELINE_ORDER, is_public=True
)
BASELINES: Final = (BASELINE, BASELINE_IDEMPOTENT, BASELINE_CHARTER_CALLS)

_DRAFT_BID: Final = post(
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
    saves={"bid_id": "id"},
    prerequisites=(CREATE_CHARTER,),
    every_nth_round=2,
)
_SUBMIT_BID: Final = post(
    "submit a bid",
    "bids",
    "/bids/{bid_id}/submit",
    {},
    prerequisites=(CREATE_CHARTER, _DRAFT_BID),
    max_calls=4,
    every_nth_round=2,
)
_RELEASE: Final = post(
    "release a driver",
    "dispatch",
    "/dispatch/assignments/{assignment_id}/release",
    {"reason": "another plan"},
    every_nth_round=2,
)
_BOOK: Final = post(
    "book a charter",
    "bookings",
    "/charters/{charter_id}/status",
    {"status": "booked", "accepted_by": "Dana Lee"},
    prerequisites=(CREATE_CHARTER,),
)
_DRAFT_INVOICE: Final = post(
    "draft an invoice",
    "billing",
    "/invoices",
    {"charter_id": "{charter_id}"},
    saves={"invoice_id": "id"},
    prerequisites=(_BOOK,),
    every_nth_round=2,
)
_ISSUE_INVOICE: Final = post(
    "issue an invoice",
    "billing",
    "/invoices/{invoice_id}/issue",
    {},
    prerequisites=(_DRAFT_INVOICE,),
    every_nth_round=2,
)

_CLIENT_AND_PRICING_REQUESTS: Final = (
    CREATE_CLIENT,
    get("get a client", "clients", "/clients/{client_id}", max_calls=1),
    get("list 20 clients", "clients", "/clients?limit=20", max_calls=1),
    RequestStep("update a client", "clients", "PUT", "/clients/{client_id}", {"notes": "pays late {n}"}, max_calls=2),
    post(
        "calculate a quote",
        "pricing",
        "/pricing/calculate-quote",
        {
            "client_id": "{client_id}",
            "vehicle_class": "coach",
            "trip_date": TRIP_DAY.isoformat(),
            "miles": 150,
            "passengers": 40,
            "amenities": [],
            "promo_code": None,
        },
        saves={"quote_id": "id"},
    ),
    get("get a quote", "pricing", "/pricing/quotes/{quote_id}", max_calls=1),
    get("list 20 pricing rules", "pricing", "/pricing/pricing-rules?limit=20", max_calls=1),
)
_BOOKING_REQUESTS: Final = (
    CREATE_CHARTER,
    get("get a charter", "bookings", "/charters/{charter_id}", max_calls=1),
    get("list 20 charters", "bookings", "/charters?limit=20", max_calls=1),
    get("list 20 charters by status", "bookings", "/charters?limit=20&status=quote", max_calls=1),
    get("list 20 charters by departure", "bookings", f"/charters?limit=20&{_MONTH_QUERY}"),
    get("list a client's charters", "bookings", "/clients/{client_id}/charters?limit=20"),
    RequestStep(
        "update a charter's notes", "bookings", "PUT", "/charters/{charter_id}", {"notes": "two dogs {n}"}, max_calls=2
    ),
    RequestStep(
        "revise a charter",
        "bookings",
        "PUT",
        "/charters/{charter_id}",
        {"miles": 131},
        saves={"revision": "revision_number"},
        prerequisites=(CREATE_CHARTER,),
    ),
    get("get a charter's history", "bookings", "/charters/{charter_id}/history"),
    get("get the dashboard", "bookings", "/charters/dashboard-summary", max_calls=1),
    SEND_QUOTE,
    get("get a quote by its link", "bookings", "/quotes/{token}", is_public=True),
    post(
        "accept a quote",
        "bookings",
        "/quotes/{token}/accept",
        {"revision_number": "{revision}", "accepted_by": "Dana Lee"},
        prerequisites=(CREATE_CHARTER, SEND_QUOTE),
        is_public=True,
    ),
    RequestStep(
        "adjust the price of a charter",
        "bookings",
        "PUT",
        "/charters/{charter_id}/price-adjustments",
        {"all_in_price": {"amount": 500, "reason": "agreed on the phone"}},
        prerequisites=(CREATE_CHARTER,),
        max_calls=4,
        every_nth_round=2,
    ),
    post("clone a charter", "bookings", "/charters/{charter_id}/clone", {}, every_nth_round=4),
    post(
        "create a series of 12 charters",
        "bookings",
        "/charters/recurring?recurrence_rule=weekly&instance_count=12",
        CHARTER,
        every_nth_round=8,
    ),
)
_VENDOR_AND_BID_REQUESTS: Final = (
    CREATE_VENDOR,
    get("get a vendor", "vendors", "/vendors/{vendor_id}", max_calls=1),
    get("list 20 vendors", "vendors", "/vendors?limit=20", max_calls=1),
    get("get a vendor's compliance status", "vendors", "/vendors/{vendor_id}/compliance/status"),
    get("list documents to review", "compliance", "/compliance?status=pending"),
    _DRAFT_BID,
    _SUBMIT_BID,
    get("get a bid", "bids", "/bids/{bid_id}", every_nth_round=2),
    get("compare bids", "bids", "/charters/{charter_id}/bids/comparison", every_nth_round=2),
    post(
        "award a bid",
        "bids",
        "/bids/{bid_id}/accept",
        {"decision": "accept", "reason": "best price"},
        prerequisites=(CREATE_CHARTER, _DRAFT_BID, _SUBMIT_BID),
        max_calls=5,
        every_nth_round=2,
    ),
)
_FLEET_AND_DISPATCH_REQUESTS: Final = (
    get("get a driver", "fleet", "/drivers/{driver_id}", max_calls=1),
    get("list 20 drivers", "fleet", "/drivers?limit=20", max_calls=1),
    get("list 20 vehicles", "fleet", "/vehicles?limit=20&status=in_service", max_calls=1),
    RequestStep("update a driver", "fleet", "PUT", "/drivers/{driver_id}", {"license_number": "{n}"}, max_calls=3),
    post(
        "add a downtime to a vehicle",
        "dispatch/vehicles_api",
        "/vehicles/{vehicle_id}/downtimes",
        {"first_day": "2097-03-04", "last_day": "2097-03-06"},
        saves={"downtime_id": "id"},
        every_nth_round=2,
    ),
    get("list the downtimes of a vehicle", "dispatch/vehicles_api", "/vehicles/{vehicle_id}/downtimes", max_calls=2),
    RequestStep(
        "remove a downtime",
        "dispatch/vehicles_api",
        "DELETE",
        "/vehicles/{vehicle_id}/downtimes/{downtime_id}",
        every_nth_round=2,
    ),
    post(
        "hold a vehicle",
        "dispatch/vehicles_api",
        "/charters/{charter_id}/holds",
        {"vehicle_ids": ["{vehicle_id}"]},
        saves={"hold_id": "id"},
        prerequisites=(CREATE_CHARTER,),
        max_calls=5,
        every_nth_round=2,
    ),
    post(
        "release a hold",
        "dispatch/vehicles_api",
        "/charters/{charter_id}/holds/{hold_id}/release",
        {},
        max_calls=4,
        every_nth_round=2,
    ),
    post(
        "assign a driver",
        "dispatch",
        "/dispatch/assignments",
        {"charter_id": "{charter_id}", "driver_id": "{driver_id}", "vehicle_id": "{vehicle_id}"},
        saves={"assignment_id": "id"},
        prerequisites=(CREATE_CHARTER,),
        every_nth_round=2,
    ),
    get("get an assignment", "dispatch", "/dispatch/assignments/{assignment_id}", max_calls=1, every_nth_round=2),
    get("list 20 assignments", "dispatch", f"/dispatch/assignments?limit=20&{_MONTH_QUERY}"),
    get(
        "get a driver's calendar",
        "dispatch/calendars_api",
        f"/calendar/drivers/{{driver_id}}?date_from={MONTH[0]}",
        max_calls=2,
    ),
    get("get a driver's hours", "dispatch/calendars_api", "/drivers/{driver_id}/hours", max_calls=2),
    get("get the fleet calendar", "dispatch/calendars_api", f"/calendar/fleet?{_WEEK_QUERY}", max_calls=3),
    get("get the fleet's utilization", "dispatch/calendars_api", f"/fleet/utilization?{_WEEK_QUERY}", max_calls=3),
    post(
        "accept an assignment",
        "dispatch",
        "/dispatch/assignments/{assignment_id}/accept",
        {},
        every_nth_round=2,
    ),
    post(
        "start a recovery",
        "dispatch",
        "/dispatch/recoveries",
        {"assignment_id": "{assignment_id}", "reason": "breakdown"},
        saves={"recovery_id": "id"},
        every_nth_round=2,
    ),
    get("get a recovery", "dispatch", "/dispatch/recoveries/{recovery_id}", max_calls=1, every_nth_round=2),
    get("list 20 recoveries", "dispatch", "/dispatch/recoveries?limit=20", every_nth_round=2),
    post("cancel a recovery", "dispatch", "/dispatch/recoveries/{recovery_id}/cancel", {}, every_nth_round=2),
    get("get the board of a day", "dispatch", f"/dispatch/board?day={TRIP_DAY}", every_nth_round=2),
    _RELEASE,
    post(
        "assign a driver automatically",
        "dispatch",
        "/dispatch/assignments/auto",
        {"charter_id": "{charter_id}"},
        saves={"assignment_id": "assignment.id"},
        prerequisites=(CREATE_CHARTER,),
        every_nth_round=2,
    ),
    replace(_RELEASE, name="release an automatically assigned driver"),
)
_BILLING_REQUESTS: Final = (
    _DRAFT_INVOICE,
    _ISSUE_INVOICE,
    post(
        "record a payment",
        "billing",
        "/invoices/{invoice_id}/record-payment",
        {"amount": 100, "method": "check", "reference": "{n}"},
        prerequisites=(_ISSUE_INVOICE,),
        every_nth_round=2,
    ),
    get("get an invoice", "billing", "/invoices/{invoice_id}", max_calls=1, every_nth_round=2),
    get("list 20 invoices", "billing", "/invoices?limit=20", max_calls=2),
    # Without `date_to`, the list also reads an empty month on the days when a month begins.
    get("list 20 ledger entries", "billing", f"/billing/ledger?limit=20&date_to={TODAY}", max_calls=1),
    get("get receivables by age", "billing", "/billing/aging/receivable", max_calls=3),
    get("list 20 payments", "billing/payments_api", "/payments?limit=20", max_calls=1),
    get("list 20 refunds", "billing/refunds_api", "/refunds?limit=20", max_calls=1),
    get("list 20 payables", "billing/payables_api", "/billing/payables?limit=20", max_calls=1),
)
_IDENTITY_REQUESTS: Final = (
    get("get my account", "identity", "/auth/me", max_calls=2),
    replace(SIGN_UP[1], every_nth_round=8, max_calls=5),
)
_SEARCH_REQUESTS: Final = (
    get("search by number", "search", "/search?q=CH-2027-500001", max_calls=2),
    get("search by email", "search", "/search?q=nobody@acme.example", max_calls=1),
    get("list charters by number", "bookings", "/charters?q=500001", max_calls=2),
    # Reads up to 200 entries, so it costs more until that many charters have the word.
    get("search by a common word", "search", "/search?q=boardwalk", max_calls=2, every_nth_round=2),
)
MEASURED: Final = (
    *_CLIENT_AND_PRICING_REQUESTS,
    *SALES_REQUESTS,
    *_BOOKING_REQUESTS,
    *_VENDOR_AND_BID_REQUESTS,
    *_FLEET_AND_DISPATCH_REQUESTS,
    *_BILLING_REQUESTS,
    *_IDENTITY_REQUESTS,
    *_SEARCH_REQUESTS,
)


def _select(*names: str) -> tuple[RequestStep, ...]:
    return tuple(step for step in MEASURED if step.name in names)


GROWTH_REQUESTS: Final = tuple(step for step in MEASURED if step.every_nth_round == 1)
"""Requests whose cost must not depend on the number of charters."""
FIRST_REQUESTS: Final = _select("get a client", "calculate a quote", "create a charter", "get my account")
"""The first request of some functions after a cold start; it can be repeated."""
GATEWAY_REQUESTS: Final = (
    *_select("create a charter", "revise a charter", "send a quote", "get a quote by its link", "accept a quote"),
    get("get the quote page", "pages", "/pages/quotes/{token}", is_public=True),
    *_select("get a charter", "list 20 charters", "get the dashboard"),
)
"""Requests of a booking that are measured through the gateway."""
