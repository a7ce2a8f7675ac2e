"""An organization with drivers and vehicles, made through the routes."""

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
from coachway.identity.model import permissions as model_permissions
from coachway.identity.model.user import User
from tests.entries import load
from tests.integration.client import Reply, call
from tests.integration.identity.people import Org, facts, post, registered

APIS = {name: load(name, "api").api for name in ("fleet", "compliance", "vendors")}
PHONE = "+12125550177"


class Garage:
    """The organization's staff, and what they ask."""

    def __init__(self, slug: str = "harbor") -> None:
        reminder_times.clear_timezone_cache()
        self.org: Org = registered(slug)
        self.caller = Caller(org_id=self.org.id, user_id="usr_1", role="admin")

    def staff(self, rights: str = "") -> str:
        """A token of somebody in the organization, who may do everything or just this."""
        permissions = frozenset(rights.split()) or model_permissions.BUILT_IN["admin"]
        return self._token("admin", permissions)

    def as_driver(self, driver_id: str) -> str:
        return self._token("driver", model_permissions.BUILT_IN["driver"], party_id=driver_id, phone="+12125550199")

    def _token(self, role: str, permissions: frozenset[str], **more: str) -> str:
        named = {"first_name": "Sam", "last_name": "Tran", "email": "sam@harbor.example", **more}
        user = User(id=ids.new("usr"), org_id=self.org.id, status="active", role=role, **named)
        return tokens.create_access_token(user, permissions, "", "", clock.now())

    def ask(self, method: str, path: str, body: Any = None, *, token: str = "", **more: Any) -> Reply:
        head = path.split("/")[1]
        api = APIS[head if head in APIS else "fleet"]
        return call(api, method, f"/api/v1{path}", body, token=token or self.staff(), **more)

    def made(self, path: str, body: Any) -> dict[str, Any]:
        reply = self.ask("POST", path, body)
        assert reply.status == 201, reply.text
        return dict(reply.json())

    def driver(self, **fields: Any) -> dict[str, Any]:
        return self.made("/drivers", {**DRIVER_EXAMPLE, **fields})

    def vehicle(self, **fields: Any) -> dict[str, Any]:
        return self.made("/vehicles", {**VEHICLE_EXAMPLE, **fields})

    def paper(self, kind: str, **about: Any) -> None:
        """A paper of a driver or vehicle, approved."""
        body = {"document_type": kind, "document_name": kind, "expiration_date": "2099-01-01", **about}
        if kind == "drivers_license":
            body |= {"license_class": "B", "endorsements": ["P"]}
        made = self.made("/compliance", body)
        assert self.ask("PUT", f"/compliance/{made['id']}", {"status": "approved"}).status == 200

    def logs_in(self, phone: str = PHONE) -> Reply:
        """What logging in by a one-time code to a phone is answered, if a code is sent at all."""
        said = {"organization": self.org.slug, "phone": phone}
        before = len(facts(self.org.id, OtpRequested))
        assert post("/auth/otp/request", said).status == 202
        told = facts(self.org.id, OtpRequested)
        code = "000000"
        if len(told) > before:
            code = signed_links.create_one_time_code(OTP, self.org.id, told[-1]["user_id"], told[-1]["nonce"])
        return post("/auth/otp/verify", {**said, "code": code})
