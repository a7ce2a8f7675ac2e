"""Requests that sign up an organization and create what the measured requests need."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tests.load.request_steps import Json, RequestStep, post

_ZONE: Final = ZoneInfo("America/New_York")
TODAY: Final = datetime.now(_ZONE).date()
_MONTH: Final = (TODAY + timedelta(days=90)).replace(day=1)
TRIP_DAY: Final = _MONTH + timedelta(days=(2 - _MONTH.weekday()) % 7)
"""The first Wednesday of a month about three months ahead."""
MONTH: Final = (_MONTH.isoformat(), ((_MONTH + timedelta(days=31)).replace(day=1) - timedelta(days=1)).isoformat())
"""The first and the last day of that month."""
_VALID_UNTIL: Final = (TRIP_DAY + timedelta(days=700)).isoformat()
_PASSWORD: Final = "a long enough password of the bench"


def _trip_time(hour: int) -> str:
    return datetime.combine(TRIP_DAY, time(hour), _ZONE).isoformat()


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
            "estimated_departure": _trip_time(9),
        },
        {
            "stop_type": "dropoff",
            "address": "1901 Boardwalk, Atlantic City, NJ",
            "latitude": 39.3560,
            "longitude": -74.4310,
            "estimated_arrival": _trip_time(12),
        },
    ],
    "miles": 130,
    "notes": "",
}
BASELINE_ORDER: Final = {name: CHARTER[name] for name in CHARTER if name not in {"amenities", "stops"}} | {
    "stops": [
        {"address": "11 Wall St, New York, NY", "latitude": 40.7074, "longitude": -74.0113},
        {"address": "1901 Boardwalk, Atlantic City, NJ", "latitude": 39.3560, "longitude": -74.4310},
    ]
}
"""The body of the baseline's requests: the plain fields of a charter."""

SIGN_UP: Final = (
    post(
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
        saves={"slug": "organization.slug", "email": "user.email"},
        is_public=True,
    ),
    post(
        "log in",
        "identity",
        "/auth/login",
        {"organization": "{slug}", "email": "{email}", "password": _PASSWORD},
        saves={"access": "access_token"},
        is_public=True,
    ),
)
CREATE_CLIENT: Final = post(
    "create a client",
    "clients",
    "/clients",
    {
        "name": "Acme Events {n}",
        "client_type": "corporate",
        "email": "events-{n}@acme.example",
        "phone": "+12125550123",
        "payment_terms": "net_30",
        "credit_limit": 0,
    },
    saves={"client_id": "id", "client_email": "email"},
    max_calls=1,
)
CREATE_CHARTER: Final = post(
    "create a charter", "bookings", "/charters", CHARTER, saves={"charter_id": "id", "revision": "revision_number"}
)
SEND_QUOTE: Final = post(
    "send a quote",
    "bookings",
    "/charters/{charter_id}/send-quote",
    {"expires_in_hours": 72},
    saves={"token": "token", "revision": "revision_number"},
)
CREATE_VENDOR: Final = post(
    "create a vendor",
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


def _document_steps(subject: str, document_types: tuple[str, ...]) -> tuple[RequestStep, ...]:
    """Submit and approve the documents of a subject, such as `vendor_id`."""
    steps: list[RequestStep] = []
    for document_type in document_types:
        body: dict[str, Json] = {
            subject: f"{{{subject}}}",
            "document_type": document_type,
            "document_name": document_type,
            "expiration_date": _VALID_UNTIL,
        }
        if document_type == "drivers_license":
            body |= {"license_class": "B", "endorsements": ["P"]}
        steps += [
            post("submit a document", "compliance", "/compliance", body, saves={"compliance_id": "id"}),
            RequestStep(
                "review a document", "compliance", "PUT", "/compliance/{compliance_id}", {"status": "approved"}
            ),
        ]
    return tuple(steps)


_VENDOR_STEPS: Final = (
    replace(CREATE_VENDOR, saves={"vendor_id": "id"}),
    RequestStep("approve a vendor", "vendors", "PATCH", "/vendors/{vendor_id}/status?new_status=active"),
    *_document_steps(
        "vendor_id",
        (
            "business_license",
            "insurance_certificate",
            "vehicle_registration",
            "driver_background_check",
            "safety_inspection",
        ),
    ),
)
_FLEET_STEPS: Final = (
    post(
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
            "license_expires": _VALID_UNTIL,
            "home_latitude": 40.7282,
            "home_longitude": -74.0776,
            "duty_statement": [0] * 7,
        },
        saves={"driver_id": "id"},
    ),
    post(
        "add a vehicle",
        "fleet",
        "/vehicles",
        {"name": "Coach 12", "vehicle_class": "coach", "capacity": 56, "plate": "NJ 12 345"},
        saves={"vehicle_id": "id"},
    ),
    *_document_steps("driver_id", ("drivers_license", "medical_certificate", "background_check")),
    *_document_steps("vehicle_id", ("vehicle_registration", "insurance_certificate", "safety_inspection")),
)
_RULES: Final = (
    {"name": "Coach base", "rule_type": "base_rate", "amount": 350},
    {"name": "Per mile", "rule_type": "mileage_rate", "amount": 2.5},
    {"name": "Weekend", "rule_type": "time_multiplier", "percent": 25, "weekdays": ["saturday", "sunday"]},
)
PREPARE: Final = (
    *(
        post(
            "add a pricing rule",
            "pricing",
            "/pricing/pricing-rules",
            {"scope": "global", "priority": 10, **rule},
            saves={"rule_id": "id"},
        )
        for rule in _RULES
    ),
    CREATE_CLIENT,
    *_VENDOR_STEPS,
    *_FLEET_STEPS,
)
"""What an organization needs before the first measured request."""
