"""Timers: quotes expire once, and signing keys are rotated without invalidating tokens."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx
import jwt
import pytest

from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.quote_link import LINK, QuoteLink
from coachway.core.auth.authentication import MIN_REFRESH_SECONDS, SIGNING_KEYS, SigningKeys
from coachway.core.persistence.records import Key, Record
from coachway.core.persistence.transaction import to_item
from tests.stack import Stack
from tests.workflows.faults import kill_workers
from tests.workflows.organization_builders import Operator, run_concurrently

R = TypeVar("R", bound=Record)

pytestmark = pytest.mark.xdist_group("restart")


def _run_timer(stack: Stack, function: str) -> Any:
    """Run the function of a timer once; returns its result."""
    response = stack.client("lambda").invoke(FunctionName=stack.function(function), Payload=b"{}")
    result = json.loads(response["Payload"].read())
    assert "FunctionError" not in response, result
    return result


def test_unanswered_quote_expires_once(restart_stack: Stack) -> None:
    operator = Operator.create(restart_stack)
    departure = (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0)
    stops = operator.charter_body()["stops"]
    stops[0]["estimated_departure"] = departure.isoformat()
    stops[1]["estimated_arrival"] = (departure + timedelta(hours=3)).isoformat()
    charter, other = operator.create_quoted_charter(stops=stops), operator.create_quoted_charter()
    _run_timer(restart_stack, "bookings-schedule")
    quote = operator.call("GET", f"/charters/{charter['id']}")
    assert quote["status"] == "quote"
    # A link is not valid beyond the departure.
    assert datetime.fromisoformat(quote["quote_expires_at"]) == departure

    _expire_quote(operator, charter["id"])
    response = operator.accept_quote(charter["token"])
    assert (response.status_code, response.json()["code"]) == (409, "quote_expired")

    run_concurrently(4, lambda _: _run_timer(restart_stack, "bookings-schedule"))
    _run_timer(restart_stack, "bookings-schedule")
    assert operator.call("GET", f"/charters/{charter['id']}")["status"] == "expired"
    assert operator.call("GET", f"/charters/{other['id']}")["status"] == "quote"
    assert Counter(each["type"] for each in operator.list_history(charter["id"])) == {
        "charter.created": 1,
        "quote.sent": 1,
        "quote.expired": 1,
    }
    assert operator.list_history(charter["id"])[-1]["actor"]["role"] == "system"
    summary = operator.call("GET", "/charters/dashboard-summary")["by_status"]
    assert (summary["expired"]["count"], summary["quote"]["count"]) == (1, 1)
    assert operator.accept_quote(charter["token"]).json()["code"] == "quote_expired"
    assert operator.http.get(f"/quotes/{charter['token']}").json()["status"] == "expired"
    assert "expired" in httpx.get(charter["url"], timeout=60).text


def test_rotate_signing_key_keeps_old_tokens_valid(restart_stack: Stack) -> None:
    _run_timer(restart_stack, "identity-schedule")
    _age_signing_keys(restart_stack, timedelta(minutes=11))
    operator = Operator.create(restart_stack)
    old_token = operator.tokens["access_token"]
    key_ids_before = _list_published_key_ids(operator)
    assert _get_key_id(old_token) in key_ids_before
    _run_timer(restart_stack, "identity-schedule")
    assert _list_published_key_ids(operator) == key_ids_before, "twice in a day is once"

    _age_signing_keys(restart_stack, timedelta(days=2))
    _run_timer(restart_stack, "identity-schedule")
    rotated_at = time.monotonic()
    key_ids_after = _list_published_key_ids(operator)
    added_key_ids = set(key_ids_after) - set(key_ids_before)
    assert (len(added_key_ids), _get_key_id(old_token) in key_ids_after) == (1, True)
    assert _get_key_id(operator.log_in()["access_token"]) in key_ids_before, "clients may not have the new key yet"

    _age_signing_keys(restart_stack, timedelta(minutes=11))
    # Functions that have just read the keys read them again after some seconds: sooner than any key is used on AWS.
    time.sleep(max(0.0, rotated_at + MIN_REFRESH_SECONDS + 0.5 - time.monotonic()))
    new_token = operator.log_in()["access_token"]
    assert _get_key_id(new_token) in added_key_ids
    for token in (old_token, new_token):
        for path in ("/auth/me", "/clients", "/charters"):
            response = operator.http.get(path, headers={"authorization": f"Bearer {token}"})
            assert response.status_code == 200, response.text
    published = {key["kid"]: key for key in operator.call("GET", "/auth/.well-known/jwks.json")["keys"]}
    jwt.decode(
        new_token, jwt.PyJWK(published[_get_key_id(new_token)]).key, algorithms=["ES256"], options={"verify_aud": False}
    )


def _expire_quote(operator: Operator, charter_id: str) -> None:
    """Set the expiry of a quote to now in the table."""
    now, table = datetime.now(UTC), operator.stack.client("dynamodb")
    link = _get_record(operator.stack, QuoteLink, LINK.key(org=operator.org_id, charter=charter_id))
    charter = _get_record(operator.stack, Charter, CHARTER.key(org=operator.org_id, id=charter_id))
    link.expires = charter.quote_expires_at = now
    for record in (link, charter):
        table.put_item(TableName=operator.stack.table, Item=to_item(record))


def _get_record(stack: Stack, model: type[R], key: Key) -> R:
    """A stored record."""
    item_key = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    item = stack.client("dynamodb").get_item(TableName=stack.table, Key=item_key, ConsistentRead=True)["Item"]
    return model.model_validate_json(item["doc"]["S"])


def _list_published_key_ids(operator: Operator) -> list[str]:
    return [str(key["kid"]) for key in operator.call("GET", "/auth/.well-known/jwks.json")["keys"]]


def _get_key_id(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def _age_signing_keys(stack: Stack, age: timedelta) -> None:
    """Make the signing keys older in the table.

    A process caches its signing key for a minute, so its processes are killed.
    """
    keys = _get_record(stack, SigningKeys, SIGNING_KEYS.key())
    for key in keys.keys:
        key.created_at -= age
    stack.client("dynamodb").put_item(TableName=stack.table, Item=to_item(keys))
    kill_workers(stack, "identity-api")
