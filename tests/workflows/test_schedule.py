"""What happens by the clock: quotes expire once, and keys that sign tokens are renewed without anybody noticing."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx
import jwt
import pytest

from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.quotes.links import LINK, QuoteLink
from coachway.core.auth.authentication import SIGNING_KEYS, SigningKeys
from coachway.core.persistence.records import Key, Record
from coachway.core.persistence.transaction import to_item
from tests.stack import Stack
from tests.workflows.carrier import Carrier, at_once
from tests.workflows.faults import kill

R = TypeVar("R", bound=Record)

pytestmark = pytest.mark.xdist_group("restart")


def _run(stack: Stack, function: str) -> Any:
    """Let a timer's function run once, now."""
    answer = stack.client("lambda").invoke(FunctionName=stack.function(function), Payload=b"{}")
    told = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, told
    return told


def test_unanswered_quote_expires_once(own: Stack) -> None:
    carrier = Carrier.opened(own)
    departure = (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0)
    stops = carrier.trip()["stops"]
    stops[0]["estimated_departure"] = departure.isoformat()
    stops[1]["estimated_arrival"] = (departure + timedelta(hours=3)).isoformat()
    charter, other = carrier.quoted(stops=stops), carrier.quoted()
    _run(own, "bookings-schedule")
    quote = carrier.ask("GET", f"/charters/{charter['id']}")
    assert quote["status"] == "quote"
    # A link is not valid beyond the departure.
    assert datetime.fromisoformat(quote["quote_expires_at"]) == departure

    _expire_quote(carrier, charter["id"])
    refused = carrier.accept(charter["token"])
    assert (refused.status_code, refused.json()["code"]) == (409, "quote_expired")

    at_once(4, lambda _: _run(own, "bookings-schedule"))
    _run(own, "bookings-schedule")
    assert carrier.ask("GET", f"/charters/{charter['id']}")["status"] == "expired"
    assert carrier.ask("GET", f"/charters/{other['id']}")["status"] == "quote"
    assert Counter(each["type"] for each in carrier.history(charter["id"])) == {
        "charter.created": 1,
        "quote.sent": 1,
        "quote.expired": 1,
    }
    assert carrier.history(charter["id"])[-1]["actor"]["role"] == "system"
    summary = carrier.ask("GET", "/charters/dashboard-summary")["by_status"]
    assert (summary["expired"]["count"], summary["quote"]["count"]) == (1, 1)
    assert carrier.accept(charter["token"]).json()["code"] == "quote_expired"
    assert carrier.http.get(f"/quotes/{charter['token']}").json()["status"] == "expired"
    assert "expired" in httpx.get(charter["url"], timeout=60).text


def test_a_new_key_signs_once_everybody_knows_it_and_old_tokens_stay_good(own: Stack) -> None:
    _run(own, "identity-schedule")
    _age(own, timedelta(minutes=11))
    carrier = Carrier.opened(own)
    old = carrier.tokens["access_token"]
    before = _published(carrier)
    assert _key_of(old) in before
    _run(own, "identity-schedule")
    assert _published(carrier) == before, "twice in a day is once"

    _age(own, timedelta(days=2))
    _run(own, "identity-schedule")
    after = _published(carrier)
    added = set(after) - set(before)
    assert (len(added), _key_of(old) in after) == (1, True)
    assert _key_of(carrier.log_in()["access_token"]) in before, "nobody may know the new key yet"

    _age(own, timedelta(minutes=11))
    new = carrier.log_in()["access_token"]
    assert _key_of(new) in added
    for token in (old, new):
        for path in ("/auth/me", "/clients", "/charters"):
            answer = carrier.http.get(path, headers={"authorization": f"Bearer {token}"})
            assert answer.status_code == 200, answer.text
    published = {key["kid"]: key for key in carrier.ask("GET", "/auth/.well-known/jwks.json")["keys"]}
    jwt.decode(new, jwt.PyJWK(published[_key_of(new)]).key, algorithms=["ES256"], options={"verify_aud": False})


def _expire_quote(carrier: Carrier, charter_id: str) -> None:
    """Set the expiry of a quote to now in the table."""
    now, table = datetime.now(UTC), carrier.stack.client("dynamodb")
    link = _stored(carrier.stack, QuoteLink, LINK.key(org=carrier.org_id, charter=charter_id))
    charter = _stored(carrier.stack, Charter, CHARTER.key(org=carrier.org_id, id=charter_id))
    link.expires = charter.quote_expires_at = now
    for record in (link, charter):
        table.put_item(TableName=carrier.stack.table, Item=to_item(record))


def _stored(stack: Stack, model: type[R], key: Key) -> R:
    """A record as it is in the table."""
    at = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    found = stack.client("dynamodb").get_item(TableName=stack.table, Key=at, ConsistentRead=True)["Item"]
    return model.model_validate_json(found["doc"]["S"])


def _published(carrier: Carrier) -> list[str]:
    return [str(key["kid"]) for key in carrier.ask("GET", "/auth/.well-known/jwks.json")["keys"]]


def _key_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def _age(stack: Stack, by: timedelta) -> None:
    """Let time pass for the keys: the table says that they were made so much earlier.

    A process keeps the key that it signs with for a minute, so there are new ones.
    """
    keys = _stored(stack, SigningKeys, SIGNING_KEYS.key())
    for key in keys.keys:
        key.created_at -= by
    stack.client("dynamodb").put_item(TableName=stack.table, Item=to_item(keys))
    kill(stack, "identity-api")
