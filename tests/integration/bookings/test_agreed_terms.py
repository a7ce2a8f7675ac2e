"""The cancellation policy and the terms that a quote is sent with stay those of the charter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coachway.clients import service as clients
from coachway.contracts.bookings import CharterBooked, QuoteAccepted, QuoteSent
from coachway.core import store
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.core.schemas import PartialUpdate
from coachway.identity import organization_queries
from coachway.identity.model.cancellation_policy import CancellationPolicy, RefundTier, terms_digest
from coachway.identity.organizations import service as organizations
from tests.integration.bookings.builders import (
    CLIENT_ID,
    ORG,
    STAFF,
    answer_quote,
    change_client_email,
    create_charter,
    create_organizations,
    send_quote,
    send_request,
    set_status,
)

START = datetime(2027, 3, 3, 14, 0, tzinfo=UTC)
DEFAULT_SENTENCE = "72 hours or more before the first pickup: we refund 100% of what you paid"


@pytest.fixture(autouse=True)
def _organizations(dynamodb: Any) -> None:
    create_organizations()


def build_policy(hours: int, percent: int) -> CancellationPolicy:
    return CancellationPolicy(tiers=[RefundTier(hours=hours, percent=percent)])


def set_organization(**fields: Any) -> None:
    organizations.update_organization(STAFF, PartialUpdate(fields), None)


def set_client_policy(policy: CancellationPolicy | None) -> None:
    clients.update_client(STAFF, CLIENT_ID, PartialUpdate({"cancellation_policy": policy}), None)


def preview_refund(charter: dict[str, Any], hours: float) -> int:
    """The percentage that the client would get back, so many hours before the pickup."""
    with clock.frozen(START - timedelta(hours=hours)):
        reply = send_request("POST", f"/charters/{charter['id']}/cancel", {}, query={"preview": "true"})
    return int(reply.json()["refund_percent"])


def get_event(charter: dict[str, Any], event: type[Any]) -> Any:
    entries = send_request("GET", f"/charters/{charter['id']}/history").json()["items"]
    return next(each["data"] for each in reversed(entries) if each["type"] == event.TYPE)


def view_quote(token: str) -> dict[str, Any]:
    return dict(send_request("GET", f"/quotes/{token}", permissions="").json())


def test_sent_quote_keeps_the_policy_and_terms_of_the_organization() -> None:
    set_organization(cancellation_policy=build_policy(200, 80), terms="Overtime is billed.\nNo glitter.")
    charter = create_charter()
    token = send_quote(charter["id"])
    set_organization(cancellation_policy=build_policy(10, 10), terms="Other terms.")
    view = view_quote(token)
    assert view["terms"] == "Overtime is billed.\nNo glitter."
    assert view["cancellation_terms"] == [
        "200 hours or more before the first pickup: we refund 80% of what you paid",
        "Less than 200 hours before: no refund",
        "If we cancel: we refund everything you paid",
    ]
    assert get_event(charter, QuoteSent)["cancellation_terms"] == view["cancellation_terms"]
    assert answer_quote(token).json()["status"] == "booked"
    accepted = get_event(charter, QuoteAccepted)
    assert accepted["terms_digest"] == terms_digest("Overtime is billed.\nNo glitter.")
    assert accepted["cancellation_terms"] == view["cancellation_terms"]
    assert get_event(charter, CharterBooked)["cancellation_terms"] == view["cancellation_terms"]
    assert (preview_refund(charter, 200), preview_refund(charter, 199.999)) == (80, 0)


def test_cancellation_uses_the_policy_of_the_charter() -> None:
    set_organization(cancellation_policy=build_policy(5, 30))
    charter = create_charter()
    answer_quote(send_quote(charter["id"]))
    set_organization(cancellation_policy=build_policy(0, 100))
    with clock.frozen(START - timedelta(hours=5)):
        cancelled = send_request("POST", f"/charters/{charter['id']}/cancel", {"reason": "Rain"}).json()
    assert cancelled["refund_percent"] == 30


def test_policy_of_the_client_comes_before_that_of_the_organization() -> None:
    set_organization(cancellation_policy=build_policy(200, 80))
    set_client_policy(build_policy(2, 95))
    charter = create_charter()
    answer_quote(send_quote(charter["id"]))
    set_client_policy(None)
    assert preview_refund(charter, 2) == 95
    other = create_charter()
    answer_quote(send_quote(other["id"]))
    assert preview_refund(other, 199) == 0


def test_charter_without_stored_policy_uses_the_default() -> None:
    charter = create_charter()
    answer_quote(send_quote(charter["id"]))
    _remove_stored_terms(charter["id"])
    set_organization(cancellation_policy=build_policy(0, 5), terms="New terms")
    assert [preview_refund(charter, hours) for hours in (72, 71, 24, 23)] == [100, 75, 50, 0]


def _remove_stored_terms(charter_id: str) -> None:
    """Store the charter as a release before policies did."""
    from coachway.bookings.charters.queries import get_charter

    stored = get_charter(STAFF, charter_id)
    store.commit(STAFF, Update(stored, stored.model_copy(update={"cancellation_policy": None, "terms_digest": ""})))


def test_sending_again_renews_the_terms_until_the_client_accepts() -> None:
    charter = create_charter()
    first = send_quote(charter["id"])
    assert view_quote(first)["cancellation_terms"][0] == DEFAULT_SENTENCE
    set_organization(cancellation_policy=build_policy(9, 90), terms="Terms 2")
    assert view_quote(first)["terms"] == ""
    second = send_quote(charter["id"])
    assert answer_quote(first).status == 409, "whoever has read the first terms cannot accept the second"
    assert view_quote(second)["terms"] == "Terms 2"
    assert view_quote(second)["cancellation_terms"][0].startswith("9 hours")


def test_accepted_terms_stay_while_the_deposit_is_due() -> None:
    clients.update_client(STAFF, CLIENT_ID, PartialUpdate({"payment_terms": "due_on_receipt"}), None)
    charter = create_charter()
    assert answer_quote(send_quote(charter["id"])).json()["deposit_due"] > 0
    set_organization(cancellation_policy=build_policy(9, 90), terms="Terms 2")
    view = view_quote(send_quote(charter["id"]))
    assert (view["terms"], view["cancellation_terms"][0]) == ("", DEFAULT_SENTENCE)


def test_replaced_link_has_the_same_terms() -> None:
    charter = create_charter()
    send_quote(charter["id"])
    set_organization(cancellation_policy=build_policy(9, 90), terms="Terms 2")
    change_client_email("new@acme.example")
    stored = send_request("GET", f"/charters/{charter['id']}").json()
    assert (stored["terms_digest"], stored["cancellation_policy"]["tiers"][0]["hours"]) == ("", 72)
    assert get_event(charter, QuoteSent)["client_email"] == "new@acme.example"


def test_revision_has_no_terms_until_it_is_sent() -> None:
    set_organization(cancellation_policy=build_policy(9, 90), terms="Terms 1")
    charter = create_charter()
    send_quote(charter["id"])
    revised = send_request("PUT", f"/charters/{charter['id']}", {"passengers": 41}).json()
    assert (revised["cancellation_policy"], revised["terms_digest"]) == (None, "")


def test_quote_that_staff_book_unsent_gets_the_current_terms() -> None:
    set_organization(cancellation_policy=build_policy(9, 90), terms="Terms 1")
    charter = create_charter()
    booked = set_status(charter["id"], "booked").json()
    assert booked["cancellation_policy"]["tiers"] == [{"hours": 9, "percent": 90}]
    assert booked["terms_digest"] == terms_digest("Terms 1")
    assert get_event(charter, QuoteAccepted)["terms_digest"] == terms_digest("Terms 1")


def test_terms_that_are_set_again_are_stored_once() -> None:
    for text in ("Terms 1", "Terms 2", "Terms 1", "", "Terms 1"):
        set_organization(terms=text)
    organization = organization_queries.get_organization(ORG)
    assert organization_queries.get_terms_text(organization, terms_digest("Terms 2")) == "Terms 2"
    assert organization_queries.get_terms_text(organization, terms_digest("Terms 1")) == "Terms 1"
