"""Load a scenario through the API. Existing data stays as it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from infra.local import console
from infra.local.demo.assignment_loader import AssignmentLoader
from infra.local.demo.document_loader import DocumentLoader
from infra.local.demo.fleet_loader import FleetLoader
from infra.local.demo.invoice_loader import load_invoices
from infra.local.demo.lead_loader import load_leads
from infra.local.demo.proposal_loader import load_proposals
from infra.local.demo.scenario import Client, Json, Scenario, StatusChange, Trip
from infra.local.demo.users import UserClients
from infra.local.demo.vendor_loader import VendorLoader

_STAFF_ROLES: Final = frozenset({"manager", "staff", "viewer"})
_OTHER_ROLES: Final = frozenset({"client", "vendor", "driver", "platform"})


def load_scenario(scenario: Scenario, clients: UserClients) -> None:
    """Load everything of an organization, from its registration to the state of its trips."""
    name = clients.organization.name
    users = int(clients.register_organization()) + clients.add_users(_STAFF_ROLES)
    loader = _ScenarioLoader(scenario, clients)
    loader.load_settings()
    _report(name, clients=loader.load_clients())
    _report(name, vendors=loader.vendors.load_vendors())
    client_id = loader.client_ids.get(scenario.client_of_user, "")
    vendor_id = loader.vendors.vendor_ids.get(scenario.vendor_of_user, "")
    users += clients.add_users(_OTHER_ROLES, client=client_id, vendor=vendor_id)
    _report(name, users=users)
    _report(name, prices=loader.load_prices())
    drivers, vehicles = loader.fleet.load_fleet(scenario)
    _report(name, drivers=drivers, vehicles=vehicles)
    _report(name, leads=load_leads(scenario, clients, loader.today))
    charters = loader.load_trips()
    _report(name, charters=charters, assignments=loader.assignment_count)
    _report(name, proposals=load_proposals(scenario, clients, loader.client_ids))
    _report(name, invoices=load_invoices(scenario, clients))


def _report(organization: str, **added: int) -> None:
    """Print how many records were added; nothing for zero."""
    for kind, count in added.items():
        if count:
            console.print_line(f"{organization}: {count} {kind if count > 1 else kind.removesuffix('s')}")


class _ScenarioLoader:
    def __init__(self, scenario: Scenario, clients: UserClients) -> None:
        self.scenario, self.clients = scenario, clients
        self.client_ids: dict[str, str] = {}
        self.today = datetime.now(ZoneInfo(scenario.zone)).date()
        documents = DocumentLoader(clients, self.today)
        self.vendors = VendorLoader(scenario, clients, documents)
        self.fleet = FleetLoader(clients, documents, self.vendors.vendor_ids)
        self.assignments = AssignmentLoader(clients, self.fleet.driver_ids, self.fleet.vehicle_ids)
        self.assignment_count = 0

    def load_settings(self) -> None:
        """Set the organization's settings if they are still the default."""
        admin = self.clients.client("admin")
        if admin.get("/organization")["branding"]["phone"] is None:
            admin.put("/organization", self.scenario.settings)

    def load_clients(self) -> int:
        """Add clients with contacts and addresses; returns how many were added."""
        staff = self.clients.client("staff")
        existing = {client["email"]: client["id"] for client in staff.list_all("/clients")}
        for client in self.scenario.clients:
            email = client.body["email"]
            client_id = existing.get(email) or staff.post("/clients", client.body, email)["id"]
            self.client_ids[client.name] = client_id
            self._load_client_details(client, is_new=email not in existing)
        return sum(client.body["email"] not in existing for client in self.scenario.clients)

    def _load_client_details(self, client: Client, *, is_new: bool) -> None:
        path = f"/clients/{self.client_ids[client.name]}"
        self._add_missing(f"{path}/contacts", client.contacts, "name", "staff", is_new=is_new)
        self._add_missing(f"{path}/addresses", [client.address], "line1", "staff", is_new=is_new)

    def load_prices(self) -> int:
        """Add pricing rules, amenities and promo codes; returns how many were added."""
        rules = [self._with_client_id(rule) for rule in self.scenario.rules]
        return (
            self._add_missing("/pricing/pricing-rules", rules, "name", "manager")
            + self._add_missing("/pricing/amenities", self.scenario.amenities, "code", "manager")
            + self._add_missing("/pricing/promo-codes", self.scenario.promo_codes, "code", "manager")
        )

    def _with_client_id(self, rule: Json) -> Json:
        return {**rule, "client_id": self.client_ids[rule["client_id"]]} if "client_id" in rule else rule

    def _add_missing(
        self, path: str, bodies: Iterable[Json], key_field: str, role: str, *, is_new: bool = False
    ) -> int:
        """Post the bodies that the list does not have yet, by `key_field`; returns how many."""
        client = self.clients.client(role)
        existing = set() if is_new else {item[key_field] for item in client.list_all(path)}
        missing = [body for body in bodies if body[key_field] not in existing]
        for body in missing:
            client.post(path, body, body[key_field])
        return len(missing)

    def load_trips(self) -> int:
        """Create the charters and advance each to its planned state; returns how many were created."""
        existing = self.clients.client("staff").list_all("/charters")
        return sum(_TripLoader(self, trip, self.today, existing).load_trip() for trip in self.scenario.trips)


@dataclass
class _TripLoader:
    """Loads one trip, from whatever state it has."""

    loader: _ScenarioLoader
    trip: Trip
    today: date
    charters: list[Json]

    def load_trip(self) -> int:
        """Create and advance the charter and its clones; returns how many charters were created."""
        trip = self.trip
        existing = [charter for charter in self.charters if charter["notes"] == trip.notes]
        charter = next((charter for charter in existing if charter["cloned_from_charter_id"] is None), None)
        created = 0
        if charter is None:
            charter = self._create_charter()
            created = trip.weekly_count
        if trip.price_adjustments is not None and charter["status"] == "quote" and not charter["quote_sent_at"]:
            manager = self.loader.clients.client("manager")
            manager.put(f"/charters/{charter['id']}/price-adjustments", trip.price_adjustments)
        for change in self._remaining_changes(charter):
            self._apply_change(change, charter["id"])
        if trip.held_vehicles and charter["status"] == "quote":
            self._hold_vehicles(charter)
        if trip.bid_request is not None and charter["status"] in {"quote", "booked"}:
            self.loader.vendors.load_bids(charter, trip.bid_request)
        if trip.assignments:
            self.loader.assignment_count += self.loader.assignments.load_assignments(charter, trip)
        is_cloned = any(charter["cloned_from_charter_id"] for charter in existing)
        if trip.clone_after_days is not None and not is_cloned:
            departure = trip.departure_time(self.today, self.loader.scenario.zone, trip.clone_after_days)
            self._post(f"/charters/{charter['id']}/clone", {"estimated_departure": departure}, "staff")
            created += 1
        return created

    def _hold_vehicles(self, charter: Json) -> None:
        """Hold vehicles for a charter that has no holds."""
        path = f"/charters/{charter['id']}/holds"
        if not self.loader.clients.client("staff").list_all(path):
            vehicle_ids = [self.loader.fleet.vehicle_ids[name] for name in self.trip.held_vehicles]
            self._post(path, {"vehicle_ids": vehicle_ids}, "staff", "hold")

    def _create_charter(self) -> Json:
        zone = self.loader.scenario.zone
        body = self.trip.charter_body(datetime.now(ZoneInfo(zone)), zone, self.loader.client_ids)
        if self.trip.weekly_count == 1:
            charter: Json = self._post("/charters", body, "staff")
            return charter
        query: Json = {"recurrence_rule": "weekly", "instance_count": self.trip.weekly_count}
        first: Json = self._post("/charters/recurring", body, "staff", **query)["items"][0]
        return first

    def _remaining_changes(self, charter: Json) -> tuple[StatusChange, ...]:
        """The status changes that are not made yet; none for a charter whose status is not in the plan."""
        changes = self.trip.status_changes
        is_sent = charter["status"] == "quote" and charter["quote_sent_at"] is not None
        status = "sent" if is_sent else charter["status"]
        statuses = [change.status for change in changes]
        if status in statuses:
            return changes[statuses.index(status) + 1 :]
        return changes if status == "quote" else ()

    def _apply_change(self, change: StatusChange, charter_id: str) -> None:
        path = f"/charters/{charter_id}"
        if change.status == "sent":
            self._send_quote(path)
        elif change.actor == "link":
            self._answer_quote(change, charter_id)
        elif change.status == "cancelled":
            side = "client" if change.actor == "client" else "operator"
            self._post(f"{path}/cancel", {"reason": change.comment, "initiated_by": side}, change.actor)
        elif change.status == "booked":
            booking = {"status": "booked", "accepted_by": change.comment, "reason": "By phone"}
            self._post(f"{path}/status", booking, change.actor)
        else:
            body = {"status": change.status, "reason": change.comment}
            self._post(f"{path}/status", body, change.actor, change.status)

    def _answer_quote(self, change: StatusChange, charter_id: str) -> None:
        """Accept or decline the quote by its link; pay the deposit if the quote requires one."""
        token = self._send_quote(f"/charters/{charter_id}")
        answer, field = ("accept", "accepted_by") if change.status == "booked" else ("decline", "reason")
        revision = 1 if self.trip.price_adjustments is None else 2
        body = {"revision_number": revision, field: change.comment}
        quote = self._post(f"/quotes/{token}/{answer}", body, "")
        if quote["status"] == "quote":
            deposit = {"charter_id": charter_id, "payment_method_id": "pm_card_visa"}
            self._post("/payments/process", deposit, "staff", "deposit")

    def _send_quote(self, path: str) -> str:
        """Send the quote; returns the token of its link, which is the same within a day."""
        return str(self._post(f"{path}/send-quote", {"expires_in_hours": 72}, "staff")["token"])

    def _post(self, path: str, body: Json, role: str, subject: str = "", **query: Any) -> Any:
        client = self.loader.clients.client(role) if role else self.loader.clients.anonymous
        return client.post(path, body, f"{self.trip.notes}/{subject}", **query)
