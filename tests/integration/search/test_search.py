"""Search through its route."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.clients import erasure_job
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock
from coachway.erasure.model import REPEATED_AFTER
from tests.integration.client import Reply, call, token_for
from tests.integration.clients.builders import OTHER_ORG, create_client, send
from tools.function_modules import load

api = load("search", "api").api
ALL_KINDS = "search:read clients:read charters:read billing:read vendors:read fleet:read sales:read"
PETRA = {"name": "Petra van der Meer", "email": "petra@meer.example", "phone": "+12125550199"}


def search(q: str, permissions: str = ALL_KINDS, **options: Any) -> Reply:
    query = {"q": q, **options.pop("query", {})}
    return call(api, "GET", "/api/v1/search", query=query, token=token_for(permissions, **options))


def find(q: str, permissions: str = ALL_KINDS, **options: Any) -> list[str]:
    reply = search(q, permissions, **options)
    assert reply.status == 200, reply.text
    return [hit["title"] for hit in reply.json()["items"]]


@pytest.mark.parametrize(
    "q", ["meer", "Petra van der Meer", "MÉER", "555-0199", "(212) 555-0199", "petra@meer.example"]
)
def test_client_is_found_by_words_email_and_phone(q: str) -> None:
    client = create_client(**PETRA)
    [hit] = search(q).json()["items"]
    assert hit == {
        "kind": "client",
        "id": client["id"],
        "title": "Petra van der Meer",
        "subtitle": "petra@meer.example",
        "status": "active",
        "client_id": client["id"],
        "created_at": hit["created_at"],
    }


def test_search_takes_two_calls_whatever_the_number_of_clients() -> None:
    costs = []
    for number in range(25):
        create_client(name=f"Petra Meer {number}", email=f"petra{number}@meer.example")
        token, calls = token_for(ALL_KINDS), call_stats.calls
        assert call(api, "GET", "/api/v1/search", query={"q": "meer"}, token=token).status == 200
        costs.append(call_stats.calls - calls)
    assert set(costs[1:]) == {2}


def test_renamed_client_is_found_by_its_new_name_only() -> None:
    client = create_client(**PETRA)
    assert send("PUT", f"/{client['id']}", {"name": "Paula Smith"}).status == 200
    assert (find("petra van"), find("smith")) == ([], ["Paula Smith"])


def test_contacts_and_addresses_lead_to_their_client() -> None:
    client = create_client()
    contact = send("POST", f"/{client['id']}/contacts", {"name": "Dana Lee", "email": "dana@lee.example"}).json()
    address = {"line1": "11 Wall St", "city": "New York", "state": "NY", "postal_code": "10005"}
    assert send("POST", f"/{client['id']}/addresses", address).status == 201
    hits = [*search("dana").json()["items"], *search("wall new york").json()["items"]]
    assert [(hit["kind"], hit["title"], hit["client_id"]) for hit in hits] == [
        ("contact", "Dana Lee", client["id"]),
        ("address", "11 Wall St", client["id"]),
    ]
    assert send("DELETE", f"/{client['id']}/contacts/{contact['id']}").status == 204
    assert find("dana") == []


def test_deleted_client_is_not_found_and_neither_are_its_contacts() -> None:
    client = create_client(**PETRA)
    for number in range(30):
        contact = {"name": f"Anna Maria Lopez Garcia {number}", "email": f"anna.maria.{number}@lopez.example"}
        assert send("POST", f"/{client['id']}/contacts", contact).status == 201
    assert len(find("lopez")) == 20
    assert send("DELETE", f"/{client['id']}").status == 204
    assert (find("petra"), find("lopez")) == ([], [])


def test_erased_client_is_not_found_and_leaves_no_entry(dynamodb: Any) -> None:
    client = create_client(**PETRA)
    for number in range(30):
        contact = {"name": f"Anna Maria Lopez Garcia {number}", "email": f"anna.maria.{number}@lopez.example"}
        assert send("POST", f"/{client['id']}/contacts", contact).status == 201
    send("POST", f"/{client['id']}/addresses", {"line1": "9 Quay", "city": "Albany"})
    assert send("POST", f"/{client['id']}/erase").status == 200
    for elapsed in REPEATED_AFTER:
        with clock.frozen(clock.now() + elapsed):
            assert erasure_job.run().repeated == 1
    assert [find(q) for q in ("petra", "lopez", "albany", "erased", "5550199")] == [[]] * 5
    assert not [
        item for item in dynamodb.scan(TableName="coachway-test")["Items"] if item["kind"]["S"] == "search_entry"
    ]


def test_other_organization_finds_nothing() -> None:
    create_client(**PETRA)
    assert find("petra", org_id=OTHER_ORG) == []


def test_caller_finds_only_what_they_may_read() -> None:
    create_client(**PETRA)
    assert find("petra", "search:read charters:read") == []
    assert search("petra", "clients:read").status == 403
    assert search("petra", "search:read clients:read", role="client", party_id="cli_1").status == 403


def test_kind_limits_the_results() -> None:
    client = create_client(**PETRA)
    send("POST", f"/{client['id']}/contacts", {"name": "Petra Lee"})
    assert find("petra", query={"kind": "contact"}) == ["Petra Lee"]
    assert search("petra", query={"kind": "spaceship"}).status == 422


def test_results_are_limited_and_say_so() -> None:
    for number in range(3):
        create_client(name=f"Petra {number}", email=f"petra{number}@meer.example")
    reply = search("petra", query={"limit": "2"}).json()
    assert ([hit["title"] for hit in reply["items"]], reply["is_complete"]) == (["Petra 2", "Petra 1"], False)
    assert search("petra").json()["is_complete"] is True


@pytest.mark.parametrize("q", ["%", "#", "😀", "a", "0", "ORG#", "'; --", "é" * 100, "@", "~9", "a#b%c", "1 " * 50])
def test_any_query_gets_a_result(q: str) -> None:
    create_client(**PETRA)
    assert find(q) == []


@pytest.mark.parametrize("q", ["", "a\0b", "x" * 101, "a\nb", "\u202ea"])
def test_invalid_query_is_refused(q: str) -> None:
    assert search(q).status == 422
