"""Log-in by password: lock-out, and answers that do not say what was wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from coachway.contracts.identity import UserSignedIn
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock
from coachway.identity.secrets import hashing
from tests.integration.client import Reply
from tests.integration.identity.builders import PASSWORD, Org, get, list_event_data, post, put, register_organization

WRONG = "wrong wrong wrong"


def attempt(slug: str, email: str, password: str = WRONG) -> Reply:
    return post("/auth/login", {"organization": slug, "email": email, "password": password})


def test_whatever_is_wrong_the_answer_is_the_same() -> None:
    org = register_organization()
    org.invite("sam@harbor.example")
    answers = {
        (reply.status, reply.json()["title"], reply.json()["detail"])
        for reply in (
            attempt("harbor", org.email),
            attempt("harbor", "nobody@harbor.example"),
            attempt("nowhere", org.email),
            attempt("harbor", "sam@harbor.example"),
            attempt("harbor", "ana@harbor.example#", PASSWORD),
            attempt("harbor#x", "ana@harbor.example", PASSWORD),
        )
    }
    assert len(answers) == 1
    assert next(iter(answers))[0] == 401


@pytest.mark.parametrize(
    ("slug", "email"), [("harbor", "ana@harbor.example"), ("harbor", "no@harbor.example"), ("no", "no@x.example")]
)
def test_the_same_work_is_done_whether_or_not_the_account_exists(
    slug: str, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_organization()
    compared: list[str] = []
    real = hashing._hasher().verify

    class Watched:
        def verify(self, digest: str, password: bytes) -> bool:
            compared.append(digest.split("$")[3])
            return real(digest, password)

    monkeypatch.setattr(hashing, "_hasher", Watched)
    before = call_stats.calls
    assert attempt(slug, email).status == 401
    assert compared == [f"m={hashing.MEMORY_COST_KIB},t={hashing.TIME_COST},p={hashing.PARALLELISM}"]
    assert call_stats.calls - before == 4


def test_log_in_makes_five_calls_to_the_table() -> None:
    org = register_organization()
    assert attempt("harbor", org.email, PASSWORD).status == 200  # reads the signing keys
    before = call_stats.calls
    assert attempt("harbor", org.email, PASSWORD).status == 200
    assert call_stats.calls - before == 5


def test_ten_wrong_tries_lock_the_account_for_fifteen_minutes() -> None:
    org = register_organization()
    at = clock.now() - timedelta(hours=1)
    with clock.frozen(at):
        assert [attempt("harbor", org.email).status for _ in range(10)] == [401] * 10
        locked = attempt("harbor", org.email, PASSWORD)
        assert locked.status == 429
        assert int(locked.headers["Retry-After"]) in (900, 901)
    with clock.frozen(at + timedelta(minutes=14, seconds=59)):
        assert attempt("harbor", org.email, PASSWORD).status == 429
    with clock.frozen(at + timedelta(minutes=15)):
        assert attempt("harbor", org.email, PASSWORD).status == 200


def test_nine_wrong_tries_and_a_right_one_start_again_from_nothing() -> None:
    org = register_organization()
    for _ in range(2):
        assert [attempt("harbor", org.email).status for _ in range(9)] == [401] * 9
        assert attempt("harbor", org.email, PASSWORD).status == 200


def test_an_account_that_does_not_exist_locks_alike() -> None:
    register_organization()
    statuses = [attempt("harbor", "nobody@harbor.example").status for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert attempt("harbor", "ana@harbor.example", PASSWORD).status == 200


def test_many_tries_at_the_same_time_get_ten_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    org = register_organization()
    monkeypatch.setattr(hashing, "verify_password", lambda *_: False)
    with ThreadPoolExecutor(12) as pool:
        statuses = sorted(each.status for each in pool.map(lambda _: attempt("harbor", org.email), range(30)))
    assert statuses == [401] * 10 + [429] * 20


def test_one_organizations_lock_is_not_anothers() -> None:
    register_organization()
    register_organization("other")
    for _ in range(10):
        attempt("harbor", "ana@harbor.example")
    assert attempt("other", "ana@other.example", PASSWORD).status == 200


def test_log_ins_from_one_address_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "verify_password", lambda *_: False)
    statuses = [attempt(f"o{n}", "a@b.example") for n in range(61)]
    assert statuses[60].status == 429


def test_a_disabled_user_cannot_log_in() -> None:
    org = register_organization()
    sam = org.create_user("sam@harbor.example")
    assert put(f"/users/{sam['id']}", {"status": "disabled"}, org.token).status == 200
    assert attempt("harbor", "sam@harbor.example", PASSWORD).status == 401


def test_a_log_in_is_told_as_an_event() -> None:
    org = register_organization()
    told = list_event_data(org.id, UserSignedIn)
    assert [(each["user_id"], each["method"], each["second_factor"]) for each in told] == [
        (org.admin_id, "password", False)
    ]
    assert "digest" not in str(told)


def test_a_log_in_sent_twice_with_a_key_opens_one_session() -> None:
    org = register_organization()
    body = {"organization": "harbor", "email": org.email, "password": PASSWORD}
    first, again = (post("/auth/login", body, headers={"idempotency-key": "k"}) for _ in range(2))
    assert (again.status, again.json()) == (200, first.json())
    assert len(get("/auth/sessions", org.token).json()["items"]) == 2


def test_an_old_digest_is_renewed_at_the_next_log_in(monkeypatch: pytest.MonkeyPatch) -> None:
    org: Org = register_organization()
    renewed: list[str] = []
    real = hashing.digest_password

    def digest(password: str) -> str:
        renewed.append(password)
        return real(password)

    monkeypatch.setattr(hashing, "is_outdated", lambda _: not renewed)
    monkeypatch.setattr(hashing, "digest_password", digest)
    assert attempt("harbor", org.email, PASSWORD).status == 200
    assert renewed == [PASSWORD]
    assert attempt("harbor", org.email, PASSWORD).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"organization": "harbor"},
        {"organization": "harbor", "email": "a", "password": ""},
        {"organization": 1, "email": "a", "password": "b"},
    ],
)
def test_an_incomplete_log_in_is_refused_by_its_fields(body: Any) -> None:
    assert post("/auth/login", body).status == 422
