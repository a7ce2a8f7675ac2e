"""An organization on the deployed stack that sends quotes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import httpx

from tests import dates
from tests.stack import Stack

Json = dict[str, Any]
SATURDAY = dates.next_weekday(dates.SATURDAY)
PASSWORD = "correct horse battery staple"


@dataclass
class QuoteOrganization:
    """An organization with prices and two clients."""

    stack: Stack
    slug: str
    token: str = ""
    client_id: str = ""
    payer_id: str = ""
    """A client without payment terms, who pays in advance."""

    @classmethod
    def create(cls, stack: Stack) -> QuoteOrganization:
        """Register and log in; set branding and prices; add the clients."""
        organization = cls(stack, f"harbor-{uuid.uuid4().hex[:8]}")
        slug, send = organization.slug, organization.send
        login = {"email": f"ana@{slug}.example", "password": PASSWORD}
        settings = {"name": "Harbor Coach", "slug": slug, "timezone": "America/New_York", "currency": "USD"}
        admin = {**login, "first_name": "Ana", "last_name": "Ruiz"}
        send("POST", "/auth/register", {"organization": settings, "admin": admin})
        organization.token = send("POST", "/auth/login", {"organization": slug, **login})["access_token"]
        branding = {"color": "#00695c", "email": "hello@harbor.example", "phone": "+12125550100"}
        send("PUT", "/organization", {"branding": branding, "fuel_surcharge_per_mile": 0.01})
        for rule in (
            {"name": "Coach base", "rule_type": "base_rate", "amount": 350},
            {"name": "Per mile", "rule_type": "mileage_rate", "amount": 2.5},
            {
                "name": "Sat and Sun",
                "public_label": "Weekend",
                "rule_type": "time_multiplier",
                "percent": 25,
                "weekdays": ["saturday", "sunday"],
            },
        ):
            send("POST", "/pricing/pricing-rules", {"scope": "global", **rule})
        send("POST", "/pricing/amenities", {"code": "wifi", "name": "Wi-Fi", "amount": 50})
        terms = {"payment_terms": "net_30", "credit_limit": 1_000_000}
        client = {"name": "Acme Events", "client_type": "corporate", "email": f"events@{slug}.example"}
        organization.client_id = send("POST", "/clients", {**client, **terms})["id"]
        payer = {"name": "Dana Lee", "client_type": "personal", "email": f"dana@{slug}.example"}
        organization.payer_id = send("POST", "/clients", payer)["id"]
        return organization

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request as the admin; returns the response's JSON."""
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        response = self.stack.http.request(method, self.stack.api_url + path, json=body, headers=headers)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def create_charter(self, client_id: str = "") -> Json:
        """Quote a trip on a Saturday: (350 + 200 × 2.50) × 1.25 + 50 + 2.00 = 1,114.50."""
        stops = [
            {
                "stop_type": "pickup",
                "address": "11 Wall St, New York, NY",
                "estimated_departure": dates.at("09:00", SATURDAY),
            },
            {
                "stop_type": "waypoint",
                "address": "Cheesequake Service Area, Sayreville, NJ",
                "estimated_arrival": dates.at("10:10", SATURDAY),
                "estimated_departure": dates.at("10:30", SATURDAY),
            },
            {
                "stop_type": "dropoff",
                "address": "1901 Boardwalk, Atlantic City, NJ",
                "estimated_arrival": dates.at("13:30", SATURDAY),
            },
        ]
        body = {
            "client_id": client_id or self.client_id,
            "trip_type": "one_way",
            "vehicle_class": "coach",
            "passengers": 40,
            "amenities": ["wifi"],
            "stops": stops,
            "miles": 200,
        }
        charter: Json = self.send("POST", "/charters", body)
        return charter

    def create_sent_quote(self, client_id: str = "") -> Json:
        """A charter with a sent quote, and the `url` and `token` of the quote's page."""
        charter = self.create_charter(client_id)
        quote = self.send("POST", f"/charters/{charter['id']}/send-quote", {"expires_in_hours": 72})
        return {**charter, "url": quote["url"], "token": quote["token"]}

    def get_charter(self, charter: Json) -> Json:
        """The current state of a charter."""
        current: Json = self.send("GET", f"/charters/{charter['id']}")
        return current

    def get_response(self, path: str) -> httpx.Response:
        """The response to a GET, for content that is not JSON."""
        return self.stack.http.get(self.stack.api_url + path, headers={"authorization": f"Bearer {self.token}"})
