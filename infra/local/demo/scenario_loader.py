"""Tells a story to the API. What it finds there already, it leaves as it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from infra.local import console
from infra.local.demo import invoice_loader
from infra.local.demo.assignment_loader import Dispatcher
from infra.local.demo.document_loader import Papers
from infra.local.demo.fleet_loader import Garage
from infra.local.demo.scenario import Client, Json, Step, Story, Trip
from infra.local.demo.users import Staffing
from infra.local.demo.vendor_loader import Market

_COLLEAGUES: Final = frozenset({"manager", "staff", "viewer"})
_OUTSIDERS: Final = frozenset({"client", "vendor", "driver", "platform"})


def told(story: Story, staffing: Staffing) -> None:
    """Everything of an organization, from its sign-up to what became of its trips."""
    name = staffing.organization.name
    people = int(staffing.sign_up()) + staffing.let_in(_COLLEAGUES)
    teller = _Teller(story, staffing)
    teller.terms()
    _report(name, clients=teller.clients())
    _report(name, vendors=teller.market.vendors())
    vendor_id = teller.market.vendor_ids.get(story.carrier, "")
    people += staffing.let_in(_OUTSIDERS, client=teller.client_ids.get(story.represented, ""), vendor=vendor_id)
    _report(name, people=people)
    _report(name, prices=teller.prices())
    drivers, vehicles = teller.garage.furnish(story)
    _report(name, drivers=drivers, vehicles=vehicles)
    charters = teller.trips()
    _report(name, charters=charters, assignments=teller.given)
    _report(name, invoices=invoice_loader.written(story, staffing))


def _report(name: str, **added: int) -> None:
    """A line of progress; none where all was there."""
    for what, count in added.items():
        if count:
            console.line(f"{name}: {count} {what}")


class _Teller:
    def __init__(self, story: Story, staffing: Staffing) -> None:
        self.story, self.staffing = story, staffing
        self.client_ids: dict[str, str] = {}
        self.today = datetime.now(ZoneInfo(story.zone)).date()
        self.papers = Papers(staffing, self.today)
        self.market = Market(story, staffing, self.papers)
        self.garage = Garage(staffing, self.papers, self.market.vendor_ids)
        self.dispatcher = Dispatcher(staffing, self.garage.driver_ids, self.garage.vehicle_ids)
        self.given = 0

    def terms(self) -> None:
        """What the organization says of itself."""
        admin = self.staffing.desk("admin")
        if admin.get("/organization")["branding"]["email"] is None:
            admin.put("/organization", self.story.terms)

    def clients(self) -> int:
        """Clients with contacts and addresses; how many were added."""
        staff = self.staffing.desk("staff")
        there = {each["email"]: each["id"] for each in staff.everything("/clients")}
        added = 0
        for client in self.story.clients:
            known = there.get(client.body["email"])
            if known is None:
                added += 1
            self.client_ids[client.name] = known or staff.post("/clients", client.body, client.body["email"])["id"]
            self._describe(client, fresh=known is None)
        return added

    def _describe(self, client: Client, *, fresh: bool) -> None:
        self._add(f"/clients/{self.client_ids[client.name]}/contacts", client.contacts, "name", "staff", fresh=fresh)
        self._add(f"/clients/{self.client_ids[client.name]}/addresses", [client.address], "line1", "staff", fresh=fresh)

    def prices(self) -> int:
        """Rules, amenities and promo codes; how many were added."""
        rules = [self._for_client(rule) for rule in self.story.rules]
        return (
            self._add("/pricing/pricing-rules", rules, "name", "manager")
            + self._add("/pricing/amenities", self.story.amenities, "code", "manager")
            + self._add("/pricing/promo-codes", self.story.promo_codes, "code", "manager")
        )

    def _for_client(self, rule: Json) -> Json:
        return {**rule, "client_id": self.client_ids[rule["client_id"]]} if "client_id" in rule else rule

    def _add(self, path: str, bodies: Iterable[Json], named: str, role: str, *, fresh: bool = False) -> int:
        """Post what is not in the list yet, told apart by the field `named`; how many."""
        desk = self.staffing.desk(role)
        there = set() if fresh else {each[named] for each in desk.everything(path)}
        wanted = [body for body in bodies if body[named] not in there]
        for body in wanted:
            desk.post(path, body, body[named])
        return len(wanted)

    def trips(self) -> int:
        """Charters, and what becomes of them; how many were quoted."""
        known = self.staffing.desk("staff").everything("/charters")
        return sum(_Course(self, trip, self.today, known).run() for trip in self.story.trips)


@dataclass
class _Course:
    """The course of one trip, from wherever it is."""

    teller: _Teller
    trip: Trip
    today: date
    known: list[Json]

    def run(self) -> int:
        """Quote it, repeat it, lead it through its life; how many charters that made."""
        of_trip = [each for each in self.known if each["notes"] == self.trip.notes]
        charter = next((each for each in of_trip if each["cloned_from_charter_id"] is None), None)
        made = 0
        if charter is None:
            charter = self._quoted()
            made = self.trip.weekly
        for step in self._left(charter):
            self._take(step, charter["id"])
        if self.trip.bidding is not None and charter["status"] in {"quote", "booked"}:
            self.teller.market.bid(charter, self.trip.bidding)
        if self.trip.given:
            self.teller.given += self.teller.dispatcher.send(charter, self.trip)
        if self.trip.again_after is not None and not any(each["cloned_from_charter_id"] for each in of_trip):
            again = self.trip.departure(self.today, self.teller.story.zone, self.trip.again_after)
            self._post(f"/charters/{charter['id']}/clone", {"estimated_departure": again}, "staff")
            made += 1
        return made

    def _quoted(self) -> Json:
        zone = self.teller.story.zone
        body = self.trip.body(datetime.now(ZoneInfo(zone)), zone, self.teller.client_ids)
        if self.trip.weekly == 1:
            charter: Json = self._post("/charters", body, "staff")
            return charter
        query: Json = {"recurrence_rule": "weekly", "instance_count": self.trip.weekly}
        first: Json = self._post("/charters/recurring", body, "staff", **query)[0]
        return first

    def _left(self, charter: Json) -> tuple[Step, ...]:
        """What it has not been through. A charter that went another way, somebody else's, is left alone."""
        life = self.trip.life
        sent = charter["status"] == "quote" and charter["quote_sent_at"] is not None
        state = "sent" if sent else charter["status"]
        states = [step.state for step in life]
        if state in states:
            return life[states.index(state) + 1 :]
        return life if state == "quote" else ()

    def _take(self, step: Step, charter_id: str) -> None:
        at = f"/charters/{charter_id}"
        if step.state == "sent":
            self._sent(at)
        elif step.by == "link":
            answer, words = ("accept", "accepted_by") if step.state == "booked" else ("decline", "reason")
            said = self._post(f"/quotes/{self._sent(at)}/{answer}", {"revision_number": 1, words: step.words}, "")
            if said["status"] == "quote":
                deposit = {"charter_id": charter_id, "payment_method_id": "pm_card_visa"}
                self._post("/payments/process", deposit, "staff", "deposit")
        elif step.state == "cancelled":
            side = "client" if step.by == "client" else "operator"
            self._post(f"{at}/cancel", {"reason": step.words, "initiated_by": side}, step.by)
        elif step.state == "booked":
            told = {"status": "booked", "accepted_by": step.words, "reason": "By phone"}
            self._post(f"{at}/status", told, step.by)
        else:
            self._post(f"{at}/status", {"status": step.state, "reason": step.words}, step.by, step.state)

    def _sent(self, at: str) -> str:
        """The token of its link: the same for a day, then it is sent once more."""
        return str(self._post(f"{at}/send-quote", {"expires_in_hours": 72}, "staff")["token"])

    def _post(self, path: str, body: Json, role: str, about: str = "", **query: Any) -> Any:
        desk = self.teller.staffing.desk(role) if role else self.teller.staffing.visitor
        return desk.post(path, body, f"{self.trip.notes}/{about}", **query)
