"""Routes of clients, on the in-memory table."""

from __future__ import annotations

import pytest

from coachway.clients import credit, service
from coachway.core import errors, store
from coachway.core.persistence.table import call_stats
from tests.integration.client import call, token_for
from tests.integration.clients.builders import (
    ACME,
    BASE,
    CALLER,
    ORG,
    OTHER_APIS,
    OTHER_ORG,
    api,
    create_client,
    list_names,
    send,
)


def test_create_client_returns_client() -> None:
    client = create_client()
    assert {name: client[name] for name in ACME} == ACME
    assert (client["status"], client["version"], client["currency"]) == ("active", 1, "USD")
    assert not {"org_id", "deleted_at"} & client.keys()
    assert send("GET", f"/{client['id']}").json() == client


def test_client_routes_require_permission() -> None:
    client = create_client()
    for method, path, body in [
        ("POST", "", ACME),
        ("GET", "", None),
        ("GET", f"/{client['id']}", None),
        ("PUT", f"/{client['id']}", {}),
        ("DELETE", f"/{client['id']}", None),
        ("POST", f"/{client['id']}/contacts", {"name": "Dana"}),
        ("POST", f"/{client['id']}/erase", None),
    ]:
        assert call(OTHER_APIS.get(path.rpartition("/")[2], api), method, BASE + path, body).status == 401
        other_token = token_for("clients:read clients:write", org_id=OTHER_ORG)
        if path:
            assert send(method, path, body, token=other_token).status == 404
        assert send(method, path, body, token=token_for("pricing:read")).status == 403


def test_create_client_rejects_duplicate_email() -> None:
    create_client()
    refused = send("POST", body={**ACME, "email": "Events@ACME.example"})
    assert refused.status == 409
    assert refused.json()["errors"][0]["field"] == "email"
    other = token_for("clients:write", org_id=OTHER_ORG)
    in_other_org = send("POST", body=ACME, token=other)
    assert (in_other_org.status, in_other_org.json()["currency"]) == (201, "EUR")


@pytest.mark.parametrize(
    ("field", "value", "message"),
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
def test_create_client_rejects_invalid_fields(field: str, value: object, message: str) -> None:
    refused = send("POST", body={**ACME, field: value})
    assert refused.status == 422
    problem = refused.json()["errors"][0]
    assert problem["field"] == field
    assert message in problem["message"]


def test_create_client_normalizes_phone_to_e164() -> None:
    assert create_client(phone="+1 (212) 555-0123")["phone"] == "+12125550123"


def test_update_client_keeps_other_fields_and_frees_old_email() -> None:
    client = create_client()
    path = f"/{client['id']}"
    after = send("PUT", path, {"email": "new@acme.example"}, headers={"if-match": '"1"'})
    assert (after.status, after.json()["name"], after.json()["version"]) == (200, "Acme Events", 2)
    assert send("PUT", path, {"name": "X"}, headers={"if-match": '"1"'}).status == 412
    create_client(name="Successor")
    assert send("PUT", path, {"email": "events@acme.example"}).status == 409
    assert send("PUT", path, {"phone": None}).json()["phone"] is None


def test_client_history_lists_changed_fields() -> None:
    client = create_client()
    send("PUT", f"/{client['id']}", {"credit_limit": 500})
    first, second = store.list_history(service.get_client(CALLER, client["id"]).key())
    assert (first.type, second.type) == ("client.created", "client.updated")
    assert [(each.field, each.old, each.new) for each in second.changes] == [("credit_limit", 10000.0, 500.0)]


def test_delete_client_hides_it_and_frees_email() -> None:
    client = create_client()
    contact = send("POST", f"/{client['id']}/contacts", {"name": "Dana Lee"}).json()
    assert send("DELETE", f"/{client['id']}").status == 204
    for path in ("", "/contacts", "/addresses", "/credit", "/email-preferences", "/export"):
        assert send("GET", f"/{client['id']}{path}").status == 404
    assert send("PUT", f"/{client['id']}/contacts/{contact['id']}", {"name": "X"}).status == 404
    assert send("DELETE", f"/{client['id']}").status == 404
    assert list_names({}) == []
    create_client()


def test_delete_client_with_open_balance_is_rejected() -> None:
    client = service.get_client(CALLER, create_client()["id"])
    store.commit(CALLER, *credit.reserve_credit_ops(client, 100))
    refused = send("DELETE", f"/{client.id}")
    assert (refused.status, refused.json()["code"]) == (409, "client_has_open_balance")
    assert send("POST", f"/{client.id}/erase").status == 409
    store.commit(CALLER, credit.settle_credit_op(ORG, client.id, 100))
    assert send("DELETE", f"/{client.id}").status == 204


def test_list_clients_is_newest_first_and_filtered() -> None:
    create_client(name="Acme", email="a@x.example")
    create_client(name="Bolt", email="b@x.example", client_type="government")
    create_client(name="Coda", email="c@x.example", status="inactive")
    assert list_names({}) == ["Coda", "Bolt", "Acme"]
    assert list_names({"limit": "1"}) == ["Coda", "Bolt", "Acme"]
    assert list_names({"client_type": "government"}) == ["Bolt"]
    assert list_names({"status": "inactive"}) == ["Coda"]
    assert list_names({"client_type": "government", "status": "inactive"}) == []
    assert send("GET", query={"client_type": "other"}).status == 422


def test_list_clients_by_name_prefix() -> None:
    create_client(name="Élan Tours", email="a@x.example")
    create_client(name="Elan Air", email="b@x.example")
    create_client(name="Echo", email="c@x.example", status="inactive")
    create_client(name="100% # Fun", email="d@x.example")
    assert list_names({"q": "elan"}) == ["Elan Air", "Élan Tours"]
    assert list_names({"q": "ÉL", "limit": "1"}) == ["Elan Air", "Élan Tours"]
    assert list_names({"q": "e", "status": "inactive"}) == ["Echo"]
    assert list_names({"q": "100% #"}) == ["100% # Fun"]
    assert list_names({"q": "tours"}) == []


def test_create_client_with_longest_name_succeeds() -> None:
    name = "\ufdfa" * 200
    client = create_client(name=name)
    assert list_names({"q": name[:100]}) == [client["name"]]


def test_contacts_are_added_updated_and_removed() -> None:
    path = f"/{create_client()['id']}/contacts"
    dana = send("POST", path, {"name": "Dana Lee", "role": "booking", "email": "dana@acme.example"}).json()
    send("POST", path, {"name": "Eli Roe"})
    assert [each["name"] for each in send("GET", path).json()["items"]] == ["Eli Roe", "Dana Lee"]
    after = send("PUT", f"{path}/{dana['id']}", {"phone": "+12125550124"}, headers={"if-match": '"1"'})
    assert (after.json()["phone"], after.json()["email"]) == ("+12125550124", "dana@acme.example")
    assert send("DELETE", f"{path}/{dana['id']}", headers={"if-match": '"1"'}).status == 412
    assert send("DELETE", f"{path}/{dana['id']}").status == 204
    assert send("DELETE", f"{path}/{dana['id']}").status == 404
    assert [each["name"] for each in send("GET", path).json()["items"]] == ["Eli Roe"]
    other = create_client(email="other@acme.example")
    assert send("PUT", f"/{other['id']}/contacts/{dana['id']}", {"name": "X"}).status == 404


def test_client_history_includes_contacts() -> None:
    client = create_client()
    contact = send("POST", f"/{client['id']}/contacts", {"name": "Dana Lee"}).json()
    send("PUT", f"/{client['id']}/contacts/{contact['id']}", {"name": "Dana Roe"})
    last = store.list_history(service.get_client(CALLER, client["id"]).key())[-1]
    assert last.type == "client.contact_updated"
    assert [(each.old, each.new) for each in last.changes] == [("Dana Lee", "Dana Roe")]


def test_list_addresses_is_newest_first() -> None:
    path = f"/{create_client()['id']}/addresses"
    for line in ("11 Wall St", "1 Pier Rd"):
        body = {"line1": line, "city": "New York", "state": "NY", "postal_code": "10005"}
        assert send("POST", path, body).status == 201
    assert [each["line1"] for each in send("GET", path).json()["items"]] == ["1 Pier Rd", "11 Wall St"]
    assert send("POST", path, {"line1": "x", "city": "y", "country": "usa"}).status == 422


def test_email_preferences_default_until_set() -> None:
    path = f"/{create_client()['id']}/email-preferences"
    defaults = send("GET", path)
    assert defaults.headers["ETag"] == '"0"'
    assert defaults.json()["reminders"] is True
    assert defaults.json()["newsletter"] is False
    first = send("PUT", path, {"newsletter": True}, headers={"if-match": '"0"'})
    assert (first.status, first.json()["version"], first.json()["reminders"]) == (200, 1, True)
    assert send("PUT", path, {"newsletter": False}, headers={"if-match": '"0"'}).status == 412
    assert send("PUT", path, {"opted_out": True}).json()["version"] == 2
    assert send("GET", path).json()["newsletter"] is True


def test_credit_is_limit_minus_balance_and_never_exceeded() -> None:
    client = service.get_client(CALLER, create_client(credit_limit=100)["id"])
    store.commit(CALLER, *credit.reserve_credit_ops(client, 6000))
    with pytest.raises(errors.Conflict, match=r"100\.00 USD"):
        store.commit(CALLER, *credit.reserve_credit_ops(client, 4001))
    store.commit(CALLER, *credit.reserve_credit_ops(client, 4000))
    view = send("GET", f"/{client.id}/credit").json()
    assert (view["credit_limit"], view["open_balance"], view["available_credit"]) == (100.0, 100.0, 0.0)
    with pytest.raises(errors.Conflict, match="exceeds the client's open balance"):
        store.commit(CALLER, credit.settle_credit_op(ORG, client.id, 10001))
    send("PUT", f"/{client.id}", {"credit_limit": 50})
    with pytest.raises(errors.ConcurrentUpdate):
        store.commit(CALLER, *credit.reserve_credit_ops(client, 0))
    assert send("GET", f"/{client.id}/credit").json()["available_credit"] == -50.0


def test_create_client_takes_one_call_and_update_two() -> None:
    token = token_for("clients:read clients:write")
    client = send("POST", body=ACME, token=token).json()
    for round_trips, method, path, body, query in [
        (1, "POST", "", {**ACME, "email": "second@acme.example"}, None),
        (1, "GET", f"/{client['id']}", None, None),
        (2, "PUT", f"/{client['id']}", {"name": "X"}, None),
        (2, "GET", "", None, {"q": "acme"}),
    ]:
        before = call_stats.calls
        send(method, path, body, token=token, query=query)
        assert call_stats.calls - before == round_trips, (method, path)
