"""Payment schedules of charters: the agreed instalments, or those of the payment policy."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.clients.model import ClientInput
from coachway.clients.service import update_client
from coachway.core.schemas import PartialUpdate
from coachway.core.types import ids
from coachway.identity.model.organization import OrganizationSettings, PaymentPolicy
from coachway.identity.organizations import service as organizations
from tests.integration.billing.stripe_sandbox import BillingOrganization
from tests.integration.bookings import builders as booking_builders


@pytest.fixture
def organization() -> BillingOrganization:
    return BillingOrganization.create()


def schedule_path(charter: dict[str, Any]) -> str:
    return f"/charters/{charter['id']}/payment-schedule"


def set_policy(**fields: int) -> None:
    changes: PartialUpdate[OrganizationSettings] = PartialUpdate({"payment_policy": PaymentPolicy(**fields)})
    organizations.update_organization(booking_builders.STAFF, changes, None)


def test_payment_schedule_follows_policy_until_acceptance(organization: BillingOrganization) -> None:
    charter = organization.create_quoted_charter()
    schedule = organization.send_request("GET", schedule_path(charter)).json()
    assert [
        (instalment["kind"], instalment["amount"], instalment["status"]) for instalment in schedule["instalments"]
    ] == [
        ("deposit", 169.08, "upcoming"),
        ("balance", 507.22, "upcoming"),
    ]
    assert (schedule["agreed"], schedule["due_now"], schedule["instalments"][1]["due_on"]) == (False, 0, "2027-02-17")
    token = booking_builders.send_quote(charter["id"])
    booking_builders.answer_quote(token)
    set_policy(deposit_percent=50)
    after = organization.send_request("GET", schedule_path(charter)).json()
    assert (after["agreed"], after["due_now"], after["instalments"][0]["status"]) == (True, 169.08, "due")


def test_accept_quote_without_deposit_books_at_once(organization: BillingOrganization) -> None:
    set_policy(deposit_percent=0)
    charter = organization.create_quoted_charter()
    response = booking_builders.answer_quote(booking_builders.send_quote(charter["id"])).json()
    assert (response["status"], response["deposit_due"], response["payment"]) == ("booked", 0, None)
    assert [
        instalment["kind"]
        for instalment in organization.send_request("GET", schedule_path(charter)).json()["instalments"]
    ] == ["balance"]


def test_accept_quote_client_with_terms_books_without_schedule(organization: BillingOrganization) -> None:
    charter = booking_builders.create_charter()
    assert booking_builders.answer_quote(booking_builders.send_quote(charter["id"])).json()["status"] == "booked"
    assert organization.send_request("GET", schedule_path(charter)).json()["instalments"] == []
    request = {"instalments": [{"kind": "deposit", "amount": 676.3}]}
    assert organization.send_request("PUT", schedule_path(charter), request).json()["code"] == "client_pays_by_invoice"


def test_set_payment_schedule_replaces_instalments(organization: BillingOrganization) -> None:
    charter = organization.create_quoted_charter()
    instalments = [{"kind": "deposit", "amount": 200}, {"kind": "balance", "amount": 476.3, "due_on": "2027-03-01"}]
    reply = organization.send_request(
        "PUT", schedule_path(charter), {"instalments": instalments}, headers={"if-match": '"1"'}
    )
    assert (reply.status, reply.json()["agreed"], reply.json()["version"]) == (200, True, 2)
    assert (
        organization.send_request(
            "PUT", schedule_path(charter), {"instalments": instalments}, headers={"if-match": '"1"'}
        ).status
        == 412
    )
    response = booking_builders.answer_quote(booking_builders.send_quote(charter["id"])).json()
    assert (response["status"], response["deposit_due"]) == ("quote", 200)
    assert organization.send_request("PUT", schedule_path(charter), {"instalments": []}).status == 409
    assert organization.send_request("PUT", schedule_path(charter), {"instalments": instalments[1:]}).status == 422


@pytest.mark.parametrize(
    ("parts", "detail"),
    [
        ([(169.08, None), (507.22, "2027-02-17")], ""),
        ([(169.08, None), (507.22, "2027-02-18")], ""),
        ([(169.08, None), (7.22, "2027-02-17"), (500, "2027-03-01")], ""),
        ([(100, None), (69.08, "2027-02-17"), (507.22, "2027-03-01")], ""),
        (
            [(169.08, None), (507.22, "2027-02-16")],
            "676.30 would be due on 2027-02-16, but the client agreed to pay 169.08 by then. Set later dates.",
        ),
        (
            [(169.08, None), (0.01, "2026-12-01"), (507.21, "2027-03-01")],
            "169.09 would be due on 2026-12-01, but the client agreed to pay 169.08 by then. Set later dates.",
        ),
        (
            [(169.09, None), (507.21, "2027-02-17")],
            "169.09 would be due at once, but the client agreed to pay 169.08 at once. Set later dates.",
        ),
    ],
)
def test_set_payment_schedule_is_not_earlier_than_the_client_accepted(
    organization: BillingOrganization, parts: list[tuple[float, str | None]], detail: str
) -> None:
    charter = organization.create_accepted_charter()
    request = {
        "instalments": [
            {"kind": "balance" if day else "deposit", "amount": amount, "due_on": day} for amount, day in parts
        ]
    }
    reply = organization.send_request("PUT", schedule_path(charter), request)
    assert (reply.status, reply.json().get("detail", "")) == (409 if detail else 200, detail)
    assert reply.json().get("code", "") == ("instalment_earlier_than_agreed" if detail else "")


def test_new_revision_requires_acceptance(organization: BillingOrganization) -> None:
    charter = organization.create_accepted_charter()
    assert booking_builders.send_request("PUT", f"/charters/{charter['id']}", {"passengers": 44}).status == 200
    charter_after = booking_builders.send_request("GET", f"/charters/{charter['id']}").json()
    assert (charter_after["accepted_by"], charter_after["instalments"]) == (None, [])
    assert booking_builders.answer_quote(charter["token"], revision=2).status == 409
    again = booking_builders.answer_quote(booking_builders.send_quote(charter["id"]), revision=2)
    assert (again.status, again.json()["status"]) == (200, "quote")


def test_accepted_quote_rejects_second_acceptance(organization: BillingOrganization) -> None:
    charter = organization.create_accepted_charter()
    again = booking_builders.answer_quote(charter["token"])
    assert (again.status, again.json()["code"]) == (409, "quote_already_accepted")
    assert booking_builders.answer_quote(charter["token"], "decline").status == 200


def test_staff_book_without_deposit_is_recorded(organization: BillingOrganization) -> None:
    charter = organization.create_accepted_charter()
    assert booking_builders.set_status(charter["id"], "booked").status == 200
    charter_after = booking_builders.send_request("GET", f"/charters/{charter['id']}").json()
    assert (charter_after["status"], charter_after["accepted_by"], charter_after["status_reason"]) == (
        "booked",
        "Dana Lee",
        "because",
    )
    assert organization.send_request("GET", schedule_path(charter)).json()["due_now"] == 169.08


def test_get_payment_schedule_hides_other_clients(organization: BillingOrganization) -> None:
    charter = organization.create_quoted_charter()
    assert organization.send_request("GET", schedule_path(charter), permissions="").status == 401
    assert organization.send_request("GET", schedule_path(charter), org_id=booking_builders.OTHER_ORG).status == 404
    assert (
        organization.send_request("GET", schedule_path(charter), role="client", party_id=ids.new("cli")).status == 404
    )
    assert (
        organization.send_request("GET", schedule_path(charter), role="client", party_id=organization.client.id).status
        == 200
    )
    body = {"instalments": [{"kind": "deposit", "amount": 676.3}]}
    assert organization.send_request("PUT", schedule_path(charter), body, permissions="charters:read").status == 403
    assert (
        organization.send_request(
            "PUT", schedule_path(charter), body, role="client", party_id=organization.client.id
        ).status
        == 403
    )


def test_client_with_new_terms_is_invoiced(organization: BillingOrganization) -> None:
    charter = organization.create_quoted_charter()
    terms: PartialUpdate[ClientInput] = PartialUpdate({"payment_terms": "net_30"})
    update_client(booking_builders.STAFF, organization.client.id, terms, None)
    assert organization.send_request("GET", schedule_path(charter)).json()["instalments"] == []
