"""An organization on the deployed stack, and the quotes that it sends."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests import dates
from tests.stack import Stack

SATURDAY = dates.next_weekday(dates.SATURDAY)
PASSWORD = "correct horse battery staple"


@dataclass
class Office:
    """Signed up, with prices and one client."""

    stack: Stack
    slug: str
    token: str = ""
    client_id: str = ""
    payer_id: str = ""
    """A client without terms, who pays before its trips."""
    sent: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def opened(cls, stack: Stack) -> Office:
        """Sign up, log in, brand, set prices, add a client."""
        office = cls(stack, f"harbor-{uuid.uuid4().hex[:8]}")
        email = f"ana@{office.slug}.example"
        organization = {"name": "Harbor Coach", "slug": office.slug, "timezone": "America/New_York", "currency": "USD"}
        admin = {"email": email, "password": PASSWORD, "first_name": "Ana", "last_name": "Ruiz"}
        office.ask("POST", "/auth/register", {"organization": organization, "admin": admin})
        known = office.ask("POST", "/auth/login", {"organization": office.slug, "email": email, "password": PASSWORD})
        office.token = known["access_token"]
        branding = {"color": "#00695c", "email": "hello@harbor.example", "phone": "+12125550100"}
        office.ask("PUT", "/organization", {"branding": branding})
        for rule in (
            {"name": "Coach base", "rule_type": "base_rate", "amount": 350},
            {"name": "Per mile", "rule_type": "mileage_rate", "amount": 2.5},
            {"name": "Weekend", "rule_type": "time_multiplier", "percent": 25, "weekdays": ["saturday", "sunday"]},
        ):
            office.ask("POST", "/pricing/pricing-rules", {"scope": "global", **rule})
        office.ask("POST", "/pricing/amenities", {"code": "wifi", "name": "Wi-Fi", "amount": 50})
        terms = {"payment_terms": "net_30", "credit_limit": 1_000_000}
        client = {"name": "Acme Events", "client_type": "corporate", "email": f"events@{office.slug}.example"}
        office.client_id = office.ask("POST", "/clients", {**client, **terms})["id"]
        payer = {"name": "Dana Lee", "client_type": "personal", "email": f"dana@{office.slug}.example"}
        office.payer_id = office.ask("POST", "/clients", payer)["id"]
        return office

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request as the admin; the answer's JSON."""
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        answer = self.stack.http.request(method, self.stack.api_url + path, json=body, headers=headers)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def charter(self, client_id: str = "") -> dict[str, Any]:
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
        wanted = {
            "client_id": client_id or self.client_id,
            "trip_type": "one_way",
            "vehicle_class": "coach",
            "passengers": 40,
            "amenities": ["wifi"],
            "stops": stops,
            "miles": 200,
        }
        made: dict[str, Any] = self.ask("POST", "/charters", wanted)
        return made

    def quoted(self, client_id: str = "") -> dict[str, Any]:
        """A charter whose quote was sent: with `url`, where its page is, and `token`."""
        charter = self.charter(client_id)
        sent = self.ask("POST", f"/charters/{charter['id']}/send-quote", {"expires_in_hours": 72})
        return {**charter, "url": sent["url"], "token": sent["token"]}

    def now(self, charter: dict[str, Any]) -> dict[str, Any]:
        """The charter as it is now."""
        known: dict[str, Any] = self.ask("GET", f"/charters/{charter['id']}")
        return known

    def bytes_of(self, path: str) -> httpx.Response:
        """The answer itself, for what is no JSON."""
        return self.stack.http.get(self.stack.api_url + path, headers={"authorization": f"Bearer {self.token}"})
