"""An organization whose drivers and vehicles are created through the API."""

from __future__ import annotations

from typing import Any

from coachway.compliance import reminder_times
from coachway.contracts.identity import OTP, OtpRequested
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.fleet.model import DRIVER_EXAMPLE, VEHICLE_EXAMPLE
from coachway.identity.auth import tokens
from coachway.identity.model.permissions import BUILT_IN_ROLES
from coachway.identity.model.user import User
from tests.integration.client import Reply, call
from tests.integration.identity.builders import Org, list_event_data, post, register_organization
from tools.function_modules import load

APIS = {name: load(name, "api").api for name in ("fleet", "compliance", "vendors")}
PHONE = "+12125550177"


class FleetClient:
    """An organization, and requests of its staff and drivers."""

    def __init__(self, slug: str = "harbor") -> None:
        reminder_times.clear_timezone_cache()
        self.org: Org = register_organization(slug)
        self.caller = Caller(org_id=self.org.id, user_id="usr_1", role="admin")

    def staff_token(self, scopes: str = "") -> str:
        """An access token of a member of staff, with all permissions or only those named."""
        return self._token("admin", frozenset(scopes.split())) if scopes else self.org.token

    def driver_token(self, driver_id: str) -> str:
        return self._token("driver", BUILT_IN_ROLES["driver"], party_id=driver_id, phone="+12125550199")

    def _token(self, role: str, permissions: frozenset[str], **more: str) -> str:
        fields = {"first_name": "Sam", "last_name": "Tran", "email": "sam@harbor.example", **more}
        user = User(id=ids.new("usr"), org_id=self.org.id, status="active", role=role, **fields)
        return tokens.create_access_token(user, permissions, "", "", clock.now())

    def send(self, method: str, path: str, body: Any = None, *, token: str = "", **more: Any) -> Reply:
        head = path.split("/")[1]
        api = APIS[head if head in APIS else "fleet"]
        return call(api, method, f"/api/v1{path}", body, token=token or self.staff_token(), **more)

    def create(self, path: str, body: Any) -> dict[str, Any]:
        reply = self.send("POST", path, body)
        assert reply.status == 201, reply.text
        return dict(reply.json())

    def create_driver(self, **fields: Any) -> dict[str, Any]:
        return self.create("/drivers", {**DRIVER_EXAMPLE, **fields})

    def create_vehicle(self, **fields: Any) -> dict[str, Any]:
        return self.create("/vehicles", {**VEHICLE_EXAMPLE, **fields})

    def approve_document(self, kind: str, **subject: Any) -> None:
        """Submit and approve a document of a driver or vehicle."""
        body = {"document_type": kind, "document_name": kind, "expiration_date": "2099-01-01", **subject}
        if kind == "drivers_license":
            body |= {"license_class": "B", "endorsements": ["P"]}
        document = self.create("/compliance", body)
        assert self.send("PUT", f"/compliance/{document['id']}", {"status": "approved"}).status == 200

    def log_in_by_code(self, phone: str = PHONE) -> Reply:
        """Log in with a one-time code sent to `phone`; with a wrong code if none was sent."""
        body = {"organization": self.org.slug, "phone": phone}
        count = len(list_event_data(self.org.id, OtpRequested))
        assert post("/auth/otp/request", body).status == 202
        events = list_event_data(self.org.id, OtpRequested)
        code = "000000"
        if len(events) > count:
            code = signed_links.create_one_time_code(OTP, self.org.id, events[-1]["user_id"], events[-1]["nonce"])
        return post("/auth/otp/verify", {**body, "code": code})
