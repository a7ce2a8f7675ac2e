"""Clients through their routes, on the table in memory."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.clients import credit, privacy, service
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import Create
from coachway.core.persistence.table import tally
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.identity.model.organization import Organization
from coachway.identity.users import party_accounts
from coachway.messaging import erasure as messages
from coachway.messaging.model import Channel, Notification
from tests.entries import load
from tests.integration.client import Reply, call, token_for

api = load("clients", "api").api
ELSEWHERE = {"erase": load("bookings", "api").api, "export": load("billing", "documents_api").api}
"""What higher floors know more of, and answer."""
BASE = "/api/v1/clients"
ACME: dict[str, Any] = {
    "name": "Acme Events",
    "client_type": "corporate",
    "email": "events@acme.example",
    "phone": "+12125550123",
    "payment_terms": "net_30",
    "credit_limit": 10000,
}
ORG = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ"
OTHER = "org_01JQZZZZZZZZZZZZZZZZZZZZZY"
CALLER = Caller(org_id=ORG, user_id="usr_1", role="admin")


@pytest.fixture(autouse=True)
def organization() -> None:
    """The organization of the tests, and a stranger to it."""
    service._currency.cache_clear()
    for org_id, currency in ((ORG, "USD"), (OTHER, "EUR")):
        harbor = Organization(
            id=org_id, org_id=org_id, slug="harbor", name="Harbor Coach", timezone="America/New_York", currency=currency
        )
        store.commit(Caller.system("tests", org_id), Create(harbor))


def ask(method: str, path: str = "", body: Any = None, **more: Any) -> Reply:
    token = more.pop("token", "") or token_for("clients:read clients:write")
    return call(ELSEWHERE.get(path.rpartition("/")[2], api), method, BASE + path, body, token=token, **more)


def made(**fields: Any) -> dict[str, Any]:
    reply = ask("POST", body={**ACME, **fields})
    assert reply.status == 201, reply.text
    return dict(reply.json())


def names(query: dict[str, str]) -> list[str]:
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = ask("GET", query={**query, **cursor}).json()
        seen += [each["name"] for each in page["items"]]
        if page["next_cursor"] is None:
            return seen
        cursor = {"cursor": page["next_cursor"]}


def test_a_client_is_added_and_read_back() -> None:
    client = made()
    assert {name: client[name] for name in ACME} == ACME
    assert (client["status"], client["version"], client["currency"]) == ("active", 1, "USD")
    assert not {"org_id", "deleted_at"} & client.keys()
    assert ask("GET", f"/{client['id']}").json() == client


def test_nobody_without_the_permission_gets_in() -> None:
    client = made()
    for method, path, body in [
        ("POST", "", ACME),
        ("GET", "", None),
        ("GET", f"/{client['id']}", None),
        ("PUT", f"/{client['id']}", {}),
        ("DELETE", f"/{client['id']}", None),
        ("POST", f"/{client['id']}/contacts", {"name": "Dana"}),
        ("POST", f"/{client['id']}/erase", None),
    ]:
        assert call(ELSEWHERE.get(path.rpartition("/")[2], api), method, BASE + path, body).status == 401
        stranger = token_for("clients:read clients:write", org_id=OTHER)
        if path:
            assert ask(method, path, body, token=stranger).status == 404
        assert ask(method, path, body, token=token_for("pricing:read")).status == 403


def test_an_email_belongs_to_one_client_of_an_organization() -> None:
    made()
    refused = ask("POST", body={**ACME, "email": "Events@ACME.example"})
    assert refused.status == 409
    assert refused.json()["errors"][0]["field"] == "email"
    other = token_for("clients:write", org_id=OTHER)
    made_there = ask("POST", body=ACME, token=other)
    assert (made_there.status, made_there.json()["currency"]) == (201, "EUR")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("phone", "2125550123", "+12125550123"),
        ("phone", "+1212", "+12125550123"),
        ("phone", "+99912345678", "country code"),
        ("email", "events", "events@acme.example"),
        ("email", "a@b@c.example", "events@acme.example"),
        ("credit_limit", -1, "must be 0 or more"),
        ("credit_limit", 1.005, "two decimals"),
        ("client_type", "other", "corporate"),
        ("payment_terms", "net_31", "net_30"),
        ("name", "  ", "must not be empty"),
        ("org_id", ORG, "unknown field"),
    ],
)
def test_a_wrong_field_is_refused_with_what_would_be_accepted(field: str, value: object, told: str) -> None:
    refused = ask("POST", body={**ACME, field: value})
    assert refused.status == 422
    problem = refused.json()["errors"][0]
    assert problem["field"] == field
    assert told in problem["message"]


def test_a_phone_is_kept_in_e164_however_it_was_written() -> None:
    assert made(phone="+1 (212) 555-0123")["phone"] == "+12125550123"


def test_a_change_keeps_the_rest_and_frees_the_old_email() -> None:
    client = made()
    path = f"/{client['id']}"
    after = ask("PUT", path, {"email": "new@acme.example"}, headers={"if-match": '"1"'})
    assert (after.status, after.json()["name"], after.json()["version"]) == (200, "Acme Events", 2)
    assert ask("PUT", path, {"name": "X"}, headers={"if-match": '"1"'}).status == 412
    made(name="Successor")
    assert ask("PUT", path, {"email": "events@acme.example"}).status == 409
    assert ask("PUT", path, {"phone": None}).json()["phone"] is None


def test_the_history_tells_which_fields_changed() -> None:
    client = made()
    ask("PUT", f"/{client['id']}", {"credit_limit": 500})
    first, second = store.history(service.get(CALLER, client["id"]).key())
    assert (first.type, second.type) == ("client.created", "client.updated")
    assert [(each.field, each.old, each.new) for each in second.changes] == [("credit_limit", 10000.0, 500.0)]


def test_a_removed_client_is_gone_and_its_email_free() -> None:
    client = made()
    contact = ask("POST", f"/{client['id']}/contacts", {"name": "Dana Lee"}).json()
    assert ask("DELETE", f"/{client['id']}").status == 204
    for path in ("", "/contacts", "/addresses", "/credit", "/email-preferences", "/export"):
        assert ask("GET", f"/{client['id']}{path}").status == 404
    assert ask("PUT", f"/{client['id']}/contacts/{contact['id']}", {"name": "X"}).status == 404
    assert ask("DELETE", f"/{client['id']}").status == 404
    assert names({}) == []
    made()


def test_a_client_that_owes_something_stays() -> None:
    client = service.get(CALLER, made()["id"])
    store.commit(CALLER, *credit.reserve_ops(client, 100))
    refused = ask("DELETE", f"/{client.id}")
    assert (refused.status, refused.json()["code"]) == (409, "client_has_open_balance")
    assert ask("POST", f"/{client.id}/erase").status == 409
    store.commit(CALLER, credit.settle_op(ORG, client.id, 100))
    assert ask("DELETE", f"/{client.id}").status == 204


def test_lists_are_newest_first_and_filtered() -> None:
    made(name="Acme", email="a@x.example")
    made(name="Bolt", email="b@x.example", client_type="government")
    made(name="Coda", email="c@x.example", status="inactive")
    assert names({}) == ["Coda", "Bolt", "Acme"]
    assert names({"limit": "1"}) == ["Coda", "Bolt", "Acme"]
    assert names({"type": "government"}) == ["Bolt"]
    assert names({"status": "inactive"}) == ["Coda"]
    assert names({"type": "government", "status": "inactive"}) == []
    assert ask("GET", query={"type": "other"}).status == 422


def test_the_beginning_of_a_name_finds_clients_by_name() -> None:
    made(name="Élan Tours", email="a@x.example")
    made(name="Elan Air", email="b@x.example")
    made(name="Echo", email="c@x.example", status="inactive")
    made(name="100% # Fun", email="d@x.example")
    assert names({"q": "elan"}) == ["Elan Air", "Élan Tours"]
    assert names({"q": "ÉL", "limit": "1"}) == ["Elan Air", "Élan Tours"]
    assert names({"q": "e", "status": "inactive"}) == ["Echo"]
    assert names({"q": "100% #"}) == ["100% # Fun"]
    assert names({"q": "tours"}) == []


def test_the_longest_name_in_any_script_fits() -> None:
    name = "\ufdfa" * 200
    client = made(name=name)
    assert names({"q": name[:100]}) == [client["name"]]


def test_contacts_come_and_go_with_versions_of_their_own() -> None:
    path = f"/{made()['id']}/contacts"
    dana = ask("POST", path, {"name": "Dana Lee", "role": "booking", "email": "dana@acme.example"}).json()
    ask("POST", path, {"name": "Eli Roe"})
    assert [each["name"] for each in ask("GET", path).json()["items"]] == ["Eli Roe", "Dana Lee"]
    after = ask("PUT", f"{path}/{dana['id']}", {"phone": "+12125550124"}, headers={"if-match": '"1"'})
    assert (after.json()["phone"], after.json()["email"]) == ("+12125550124", "dana@acme.example")
    assert ask("DELETE", f"{path}/{dana['id']}", headers={"if-match": '"1"'}).status == 412
    assert ask("DELETE", f"{path}/{dana['id']}").status == 204
    assert ask("DELETE", f"{path}/{dana['id']}").status == 404
    assert [each["name"] for each in ask("GET", path).json()["items"]] == ["Eli Roe"]
    other = made(email="other@acme.example")
    assert ask("PUT", f"/{other['id']}/contacts/{dana['id']}", {"name": "X"}).status == 404


def test_the_client_s_history_tells_of_its_contacts() -> None:
    client = made()
    contact = ask("POST", f"/{client['id']}/contacts", {"name": "Dana Lee"}).json()
    ask("PUT", f"/{client['id']}/contacts/{contact['id']}", {"name": "Dana Roe"})
    last = store.history(service.get(CALLER, client["id"]).key())[-1]
    assert last.type == "client.contact_updated"
    assert [(each.old, each.new) for each in last.changes] == [("Dana Lee", "Dana Roe")]


def test_addresses_are_listed_newest_first() -> None:
    path = f"/{made()['id']}/addresses"
    for line in ("11 Wall St", "1 Pier Rd"):
        body = {"line1": line, "city": "New York", "state": "NY", "postal_code": "10005"}
        assert ask("POST", path, body).status == 201
    assert [each["line1"] for each in ask("GET", path).json()["items"]] == ["1 Pier Rd", "11 Wall St"]
    assert ask("POST", path, {"line1": "x", "city": "y", "country": "usa"}).status == 422


def test_email_preferences_have_defaults_until_they_are_set() -> None:
    path = f"/{made()['id']}/email-preferences"
    usual = ask("GET", path)
    assert usual.headers["ETag"] == '"0"'
    assert usual.json()["reminders"] is True
    assert usual.json()["newsletter"] is False
    first = ask("PUT", path, {"newsletter": True}, headers={"if-match": '"0"'})
    assert (first.status, first.json()["version"], first.json()["reminders"]) == (200, 1, True)
    assert ask("PUT", path, {"newsletter": False}, headers={"if-match": '"0"'}).status == 412
    assert ask("PUT", path, {"opted_out": True}).json()["version"] == 2
    assert ask("GET", path).json()["newsletter"] is True


def test_credit_is_the_limit_less_the_open_balance_and_never_passed() -> None:
    client = service.get(CALLER, made(credit_limit=100)["id"])
    store.commit(CALLER, *credit.reserve_ops(client, 6000))
    with pytest.raises(errors.Conflict, match=r"100\.00 USD"):
        store.commit(CALLER, *credit.reserve_ops(client, 4001))
    store.commit(CALLER, *credit.reserve_ops(client, 4000))
    told = ask("GET", f"/{client.id}/credit").json()
    assert (told["credit_limit"], told["open_balance"], told["available_credit"]) == (100.0, 100.0, 0.0)
    with pytest.raises(errors.Conflict, match="exceeds the client's open balance"):
        store.commit(CALLER, credit.settle_op(ORG, client.id, 10001))
    ask("PUT", f"/{client.id}", {"credit_limit": 50})
    with pytest.raises(errors.ConcurrentUpdate):
        store.commit(CALLER, *credit.reserve_ops(client, 0))
    assert ask("GET", f"/{client.id}/credit").json()["available_credit"] == -50.0


def test_a_client_can_have_all_that_is_kept_about_it() -> None:
    client = made()
    ask("POST", f"/{client['id']}/contacts", {"name": "Dana Lee"})
    told = ask("GET", f"/{client['id']}/export").json()
    file = told["file"]
    assert file["client"] == client
    assert [each["name"] for each in file["contacts"]] == ["Dana Lee"]
    assert [each["type"] for each in file["history"]] == ["client.created", "client.contact_added"]
    assert "org_id" not in file["contacts"][0]
    assert (told["charters"], told["invoices"], told["messages"], told["next_cursor"]) == ([], [], [], None)


def forgotten(client_id: str) -> None:
    """What messaging does once it is told."""
    told: dict[str, Any] = {"event_id": "01M7WBE4M9A7C2D4F6H8J1K3M5", "correlation_id": "x", "aggregate_id": client_id}
    delivery = Delivery(type="client.erased", org_id=ORG, data={"client_id": client_id}, **told)
    messages.on_client_erased(CALLER, delivery)


def notified(recipient: str, n: int) -> Notification:
    return Notification(
        id=ids.new("msg"),
        org_id=ORG,
        event_id=str(n),
        about="chr_1",
        template="quote-sent",
        channel=Channel.EMAIL,
        recipient=recipient,
        lease_until=clock.now(),
    )


QUILL: dict[str, Any] = {
    "name": "Zebedee Quill",
    "email": "Zeb@quill.example",
    "phone": "+12125550199",
    "notes": "afraid of bridges",
}


def test_an_erased_client_is_found_nowhere_in_the_table(dynamodb: Any) -> None:
    client = made(**QUILL)
    path = f"/{client['id']}"
    ask("POST", f"{path}/contacts", {"name": "Hortensia Quill", "phone": "+12125550188"})
    ask("POST", f"{path}/addresses", {"line1": "7 Quill Close", "city": "Albany"})
    changed = {"name": "Zebedee A. Quill", "email": "new@quill.example", "notes": "still afraid", "credit_limit": 5}
    ask("PUT", path, changed)
    ask("PUT", f"{path}/email-preferences", {"opted_out": True})
    mailed = [notified(to, n) for n, to in enumerate(["zeb@quill.example"] * 120 + ["new@quill.example"])]
    for start in range(0, len(mailed), 40):
        store.commit(CALLER, *map(Create, mailed[start : start + 40]))
    known: party_accounts.Known = {"first_name": "Zeb", "last_name": "Quill", "phone": "+12125550177", "email": None}
    store.commit(CALLER, *party_accounts.create_user_ops(ORG, "client", client["id"], known)[1])
    ask("DELETE", path)
    erased = ask("POST", f"{path}/erase")
    assert (erased.status, erased.json()["id"], "addresses" in erased.json()) == (200, client["id"], False)
    forgotten(client["id"])
    forgotten(client["id"])
    kept = str(dynamodb.scan(TableName="coachway-test")["Items"])
    for secret in ("Quill", "quill", "Zeb", "zeb", "2125550199", "2125550188", "2125550177", "afraid", "Albany"):
        assert secret not in kept
    assert "credit_limit" in kept
    assert ask("POST", f"{path}/erase").status == 404


def test_an_erasure_that_was_interrupted_is_finished_by_asking_again(
    dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = made(**QUILL)
    path = f"/{client['id']}"
    for n in range(3):
        ask("POST", f"{path}/contacts", {"name": f"Hortensia Quill {n}", "email": f"h{n}@quill.example"})
    store.commit(CALLER, Create(notified("h1@quill.example", 1)))
    commit, left = store.commit, [3]

    def dying(*args: Any, **more: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise errors.UpstreamUnavailable("the table does not answer")
        commit(*args, **more)

    monkeypatch.setattr(privacy, "_BATCH_SIZE", 1)
    monkeypatch.setattr(store, "commit", dying)
    assert ask("POST", f"{path}/erase").status == 502
    monkeypatch.setattr(store, "commit", commit)
    assert ask("POST", f"{path}/erase").status == 200
    forgotten(client["id"])
    kept = str(dynamodb.scan(TableName="coachway-test")["Items"])
    assert not [secret for secret in ("Quill", "quill", "Hortensia") if secret in kept]
    [told] = [each for each in store.history(CLIENT.key(org=ORG, id=client["id"])) if "erased" in each.type]
    assert told.data == {"client_id": client["id"]}


def test_adding_a_client_is_one_round_trip_and_changing_one_two() -> None:
    token = token_for("clients:read clients:write")
    client = ask("POST", body=ACME, token=token).json()
    for round_trips, method, path, body, query in [
        (1, "POST", "", {**ACME, "email": "second@acme.example"}, None),
        (1, "GET", f"/{client['id']}", None, None),
        (2, "PUT", f"/{client['id']}", {"name": "X"}, None),
        (1, "GET", "", None, {"q": "x"}),
    ]:
        before = tally.calls
        ask(method, path, body, token=token, query=query)
        assert tally.calls - before == round_trips, (method, path)
