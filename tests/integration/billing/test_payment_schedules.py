"""When charters are paid for: by policy, or as it was agreed."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.clients.model import ClientInput
from coachway.clients.service import update as change_client
from coachway.core.schemas import PartialUpdate
from coachway.core.types import ids
from coachway.identity.model.organization import OrganizationSettings, PaymentPolicy
from coachway.identity.organizations import service as organization
from tests.integration.billing.stripe_sandbox import Desk
from tests.integration.bookings import builders as booking_builders


@pytest.fixture
def desk() -> Desk:
    return Desk.opened()


def path(charter: dict[str, Any]) -> str:
    return f"/charters/{charter['id']}/payment-schedule"


def policy(**fields: int) -> None:
    asked: PartialUpdate[OrganizationSettings] = PartialUpdate({"payment_policy": PaymentPolicy(**fields)})
    organization.update_organization(booking_builders.STAFF, asked, None)


def test_payment_schedule_follows_policy_until_acceptance(desk: Desk) -> None:
    charter = desk.quoted()
    known = desk.ask("GET", path(charter)).json()
    assert [(part["kind"], part["amount"], part["status"]) for part in known["instalments"]] == [
        ("deposit", 169.08, "upcoming"),
        ("balance", 507.22, "upcoming"),
    ]
    assert (known["agreed"], known["due_now"], known["instalments"][1]["due_on"]) == (False, 0, "2027-02-17")
    token = booking_builders.send_quote(charter["id"])
    booking_builders.answer_quote(token)
    policy(deposit_percent=50)
    after = desk.ask("GET", path(charter)).json()
    assert (after["agreed"], after["due_now"], after["instalments"][0]["status"]) == (True, 169.08, "due")


def test_accept_quote_without_deposit_books_at_once(desk: Desk) -> None:
    policy(deposit_percent=0)
    charter = desk.quoted()
    answer = booking_builders.answer_quote(booking_builders.send_quote(charter["id"])).json()
    assert (answer["status"], answer["deposit_due"], answer["payment"]) == ("booked", 0, None)
    assert [part["kind"] for part in desk.ask("GET", path(charter)).json()["instalments"]] == ["balance"]


def test_accept_quote_client_with_terms_books_without_schedule(desk: Desk) -> None:
    charter = booking_builders.create_charter()
    assert booking_builders.answer_quote(booking_builders.send_quote(charter["id"])).json()["status"] == "booked"
    assert desk.ask("GET", path(charter)).json()["instalments"] == []
    agreed = {"instalments": [{"kind": "deposit", "amount": 676.3}]}
    assert desk.ask("PUT", path(charter), agreed).json()["code"] == "client_pays_by_invoice"


def test_set_payment_schedule_replaces_instalments(desk: Desk) -> None:
    charter = desk.quoted()
    parts = [{"kind": "deposit", "amount": 200}, {"kind": "balance", "amount": 476.3, "due_on": "2027-03-01"}]
    reply = desk.ask("PUT", path(charter), {"instalments": parts}, headers={"if-match": '"1"'})
    assert (reply.status, reply.json()["agreed"], reply.json()["version"]) == (200, True, 2)
    assert desk.ask("PUT", path(charter), {"instalments": parts}, headers={"if-match": '"1"'}).status == 412
    answer = booking_builders.answer_quote(booking_builders.send_quote(charter["id"])).json()
    assert (answer["status"], answer["deposit_due"]) == ("quote", 200)
    assert desk.ask("PUT", path(charter), {"instalments": []}).status == 409
    assert desk.ask("PUT", path(charter), {"instalments": parts[1:]}).status == 422


def test_new_revision_requires_acceptance(desk: Desk) -> None:
    charter = desk.accepted()
    assert booking_builders.ask("PUT", f"/charters/{charter['id']}", {"passengers": 44}).status == 200
    known = booking_builders.ask("GET", f"/charters/{charter['id']}").json()
    assert (known["accepted_by"], known["instalments"]) == (None, [])
    assert booking_builders.answer_quote(charter["token"], revision=2).status == 409
    again = booking_builders.answer_quote(booking_builders.send_quote(charter["id"]), revision=2)
    assert (again.status, again.json()["status"]) == (200, "quote")


def test_accepted_quote_rejects_second_acceptance(desk: Desk) -> None:
    charter = desk.accepted()
    again = booking_builders.answer_quote(charter["token"])
    assert (again.status, again.json()["code"]) == (409, "quote_already_accepted")
    assert booking_builders.answer_quote(charter["token"], "decline").status == 200


def test_staff_book_without_deposit_is_recorded(desk: Desk) -> None:
    charter = desk.accepted()
    assert booking_builders.set_status(charter["id"], "booked").status == 200
    known = booking_builders.ask("GET", f"/charters/{charter['id']}").json()
    assert (known["status"], known["accepted_by"], known["status_reason"]) == ("booked", "Dana Lee", "because")
    assert desk.ask("GET", path(charter)).json()["due_now"] == 169.08


def test_get_payment_schedule_hides_other_clients(desk: Desk) -> None:
    charter = desk.quoted()
    assert desk.ask("GET", path(charter), permissions="").status == 401
    assert desk.ask("GET", path(charter), org_id=booking_builders.OTHER_ORG).status == 404
    assert desk.ask("GET", path(charter), role="client", party_id=ids.new("cli")).status == 404
    assert desk.ask("GET", path(charter), role="client", party_id=desk.client.id).status == 200
    body = {"instalments": [{"kind": "deposit", "amount": 676.3}]}
    assert desk.ask("PUT", path(charter), body, permissions="charters:read").status == 403
    assert desk.ask("PUT", path(charter), body, role="client", party_id=desk.client.id).status == 403


def test_client_with_new_terms_is_invoiced(desk: Desk) -> None:
    charter = desk.quoted()
    terms: PartialUpdate[ClientInput] = PartialUpdate({"payment_terms": "net_30"})
    change_client(booking_builders.STAFF, desk.client.id, terms, None)
    assert desk.ask("GET", path(charter)).json()["instalments"] == []
