"""Seeds of clients, prices, quotes and charters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coachway.core.types import ids
from tests import dates

if TYPE_CHECKING:
    from tests.security.seeds import Seeds


def create_client(seeds: Seeds) -> str:
    return str(seeds.create("/clients", seeds.tenant.client_body())["id"])


def create_contact(seeds: Seeds) -> str:
    body = {"name": f"Dana {seeds.tenant.marker}", "role": "booking", "email": seeds.tenant.new_email("contact")}
    return str(seeds.create(f"/clients/{seeds['client_id']}/contacts", body)["id"])


def create_pricing_rule(seeds: Seeds) -> str:
    body = {"name": f"Base {seeds.tenant.marker}", "rule_type": "base_rate", "scope": "global", "amount": 350}
    return str(seeds.create("/pricing/pricing-rules", body)["id"])


def create_amenity(seeds: Seeds) -> str:
    body = {"code": f"wifi-{ids.ulid().lower()}", "name": f"Wifi {seeds.tenant.marker}", "amount": 50}
    return str(seeds.create("/pricing/amenities", body)["code"])


def create_promo_code(seeds: Seeds) -> str:
    return str(seeds.create("/pricing/promo-codes", {"code": f"SPRING-{ids.ulid()}", "percent": 10})["code"])


def create_quote(seeds: Seeds) -> str:
    seeds["rule_id"]
    body = {
        "client_id": seeds["client_id"],
        "vehicle_class": "coach",
        "trip_date": f"{dates.TRIP_DAY}",
        "miles": 150,
        "passengers": 40,
    }
    return str(seeds.create("/pricing/calculate-quote", body)["id"])


def create_charter(seeds: Seeds) -> str:
    seeds["rule_id"]
    body = {
        "client_id": seeds["client_id"],
        "trip_type": "one_way",
        "vehicle_class": "coach",
        "vehicle_count": 1,
        "passengers": 40,
        "stops": [
            {
                "stop_type": "pickup",
                "address": f"11 Wall St, {seeds.tenant.marker}",
                "latitude": 40.7074,
                "longitude": -74.0113,
                "estimated_departure": dates.at("09:00"),
            },
            {
                "stop_type": "dropoff",
                "address": "1901 Boardwalk, Atlantic City, NJ",
                "latitude": 39.356,
                "longitude": -74.431,
                "estimated_arrival": dates.at("12:00"),
            },
        ],
        "miles": 130,
        "notes": seeds.tenant.marker,
    }
    return str(seeds.create("/charters", body)["id"])


def create_quote_token(seeds: Seeds) -> str:
    """The token of a quote's link."""
    return str(seeds.create(f"/charters/{seeds['charter_id']}/send-quote", {"expires_in_hours": 72})["token"])


def create_track_token(seeds: Seeds) -> str:
    """The token of a booked charter's tracking link."""
    charter_id = create_charter(seeds)
    seeds.create(f"/charters/{charter_id}/status", {"status": "booked", "reason": "By phone"})
    return str(seeds.create(f"/dispatch/charters/{charter_id}/track-link", {"renew": False})["token"])
