"""Login with a password, and lockout of accounts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher

from coachway.contracts.identity import UserSignedIn
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock, settings
from coachway.identity.model.credentials import CREDENTIALS, Credentials
from coachway.identity.secrets import hashing
from tests.integration.client import NO_IDEMPOTENCY_KEY, Reply
from tests.integration.identity.builders import (
    PASSWORD,
    WRONG_PASSWORD,
    get,
    list_event_data,
    post,
    put,
    register_organization,
)


def log_in(slug: str, email: str, password: str = WRONG_PASSWORD) -> Reply:
    return post("/auth/login", {"organization": slug, "email": email, "password": password})


def test_log_in_response_does_not_reveal_what_is_wrong() -> None:
    org = register_organization()
    org.invite("sam@harbor.example")
    responses = {
        (reply.status, reply.json()["title"], reply.json()["detail"])
        for reply in (
            log_in("harbor", org.email),
            log_in("harbor", "nobody@harbor.example"),
            log_in("nowhere", org.email),
            log_in("harbor", "sam@harbor.example"),
            log_in("harbor", "ana@harbor.example#", PASSWORD),
            log_in("harbor#x", "ana@harbor.example", PASSWORD),
        )
    }
    assert len(responses) == 1
    assert next(iter(responses))[0] == 401


@pytest.mark.parametrize(
    ("slug", "email"), [("harbor", "ana@harbor.example"), ("harbor", "no@harbor.example"), ("no", "no@x.example")]
)
def test_log_in_does_the_same_work_whether_or_not_the_account_exists(
    slug: str, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_organization()
    parameters: list[str] = []
    verify = PasswordHasher.verify

    def record_parameters(hasher: PasswordHasher, digest: str, password: bytes) -> bool:
        parameters.append(digest.split("$")[3])
        return verify(hasher, digest, password)

    monkeypatch.setattr(PasswordHasher, "verify", record_parameters)
    before = call_stats.calls
    body = {"organization": slug, "email": email, "password": WRONG_PASSWORD}
    assert post("/auth/login", body, headers=NO_IDEMPOTENCY_KEY).status == 401
    assert parameters == [f"m={settings.password_memory_kib()},t={hashing.TIME_COST},p={hashing.PARALLELISM}"]
    assert call_stats.calls - before == 4


def test_log_in_makes_five_table_calls() -> None:
    org = register_organization()
    assert log_in("harbor", org.email, PASSWORD).status == 200  # reads the signing keys
    before = call_stats.calls
    assert log_in("harbor", org.email, PASSWORD).status == 200
    assert call_stats.calls - before == 5


def test_log_in_after_ten_wrong_passwords_is_locked_for_fifteen_minutes() -> None:
    org = register_organization()
    at = clock.now() - timedelta(hours=1)
    with clock.frozen(at):
        assert [log_in("harbor", org.email).status for _ in range(10)] == [401] * 10
        locked = log_in("harbor", org.email, PASSWORD)
        assert locked.status == 429
        assert int(locked.headers["Retry-After"]) in (900, 901)
    with clock.frozen(at + timedelta(minutes=14, seconds=59)):
        assert log_in("harbor", org.email, PASSWORD).status == 429
    with clock.frozen(at + timedelta(minutes=15)):
        assert log_in("harbor", org.email, PASSWORD).status == 200


def test_log_in_after_nine_wrong_passwords_resets_the_count() -> None:
    org = register_organization()
    for _ in range(2):
        assert [log_in("harbor", org.email).status for _ in range(9)] == [401] * 9
        assert log_in("harbor", org.email, PASSWORD).status == 200


def test_log_in_to_missing_account_is_locked_too() -> None:
    register_organization()
    statuses = [log_in("harbor", "nobody@harbor.example").status for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert log_in("harbor", "ana@harbor.example", PASSWORD).status == 200


def test_concurrent_wrong_passwords_are_verified_ten_times() -> None:
    org = register_organization()
    with ThreadPoolExecutor(12) as pool:
        statuses = sorted(each.status for each in pool.map(lambda _: log_in("harbor", org.email), range(30)))
    assert statuses == [401] * 10 + [429] * 20


def test_lockout_applies_to_one_organization_only() -> None:
    register_organization()
    register_organization("other")
    for _ in range(10):
        log_in("harbor", "ana@harbor.example")
    assert log_in("other", "ana@other.example", PASSWORD).status == 200


def test_log_in_too_often_from_one_address_is_rate_limited() -> None:
    statuses = [log_in(f"o{n}", "a@b.example").status for n in range(61)]
    assert statuses == [401] * 60 + [429]


def test_log_in_of_disabled_user_is_refused() -> None:
    org = register_organization()
    sam = org.create_user("sam@harbor.example")
    assert put(f"/users/{sam['id']}", {"status": "disabled"}, org.token).status == 200
    assert log_in("harbor", "sam@harbor.example", PASSWORD).status == 401


def test_log_in_publishes_user_signed_in() -> None:
    org = register_organization()
    events = list_event_data(org.id, UserSignedIn)
    assert [(each["user_id"], each["method"], each["second_factor"]) for each in events] == [
        (org.admin_id, "password", False)
    ]
    assert "digest" not in str(events)


def test_log_in_repeated_with_idempotency_key_begins_one_session() -> None:
    org = register_organization()
    body = {"organization": "harbor", "email": org.email, "password": PASSWORD}
    first, repeated = (post("/auth/login", body, headers={"idempotency-key": "k"}) for _ in range(2))
    assert (repeated.status, repeated.json()) == (200, first.json())
    assert len(get("/auth/sessions", org.token).json()["items"]) == 2


def test_log_in_replaces_outdated_password_digest() -> None:
    org = register_organization()
    key = CREDENTIALS.key(org=org.id, id=org.admin_id)
    before = store.get(Credentials, key)
    outdated_digest = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(PASSWORD)
    after = before.model_copy(update={"password_hash": outdated_digest})
    store.commit(Caller.system("tests", org.id), Update(before, after))
    assert log_in("harbor", org.email, PASSWORD).status == 200
    stored_digest = store.get(Credentials, key).password_hash
    assert stored_digest != outdated_digest
    assert not hashing.is_outdated(stored_digest)
    assert log_in("harbor", org.email, PASSWORD).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"organization": "harbor"},
        {"organization": "harbor", "email": "a", "password": ""},
        {"organization": 1, "email": "a", "password": "b"},
    ],
)
def test_log_in_with_invalid_fields_is_refused(body: Any) -> None:
    assert post("/auth/login", body).status == 422
