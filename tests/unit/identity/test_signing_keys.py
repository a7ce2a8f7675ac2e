"""Which key signs, and which keys are published."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from coachway.core.auth.authentication import SigningKey
from coachway.identity.model.credential_limits import ACCESS_TOKEN_LIFETIME, MFA_TOKEN_LIFETIME
from coachway.identity.secrets import signing_keys

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MAX_TOKEN_LIFETIME = max(ACCESS_TOKEN_LIFETIME, MFA_TOKEN_LIFETIME)


def build_key(kid: str, age: timedelta) -> SigningKey:
    return SigningKey(kid=kid, public={}, sealed="", created_at=NOW - age)


def test_select_signing_key_returns_the_only_key_at_once() -> None:
    assert signing_keys.select_signing_key([build_key("a", timedelta(0))], NOW).kid == "a"


def test_select_signing_key_returns_a_new_key_after_ten_minutes() -> None:
    old_key = build_key("old", timedelta(days=30))
    recent_key = build_key("new", timedelta(minutes=9, seconds=59))
    published_key = build_key("new", timedelta(minutes=10))
    assert signing_keys.select_signing_key([old_key, recent_key], NOW).kid == "old"
    assert signing_keys.select_signing_key([old_key, published_key], NOW).kid == "new"


def test_select_published_keys_omits_a_replaced_key_after_a_day() -> None:
    keys = [build_key("old", timedelta(days=60)), build_key("new", timedelta(days=1, minutes=9))]
    later = NOW + timedelta(minutes=1)
    assert [key.kid for key in signing_keys.select_published_keys(keys, NOW)] == ["old", "new"]
    assert [key.kid for key in signing_keys.select_published_keys(keys, later)] == ["new"]


@given(st.lists(st.integers(0, 200_000), min_size=1, max_size=5, unique=True), st.integers(0, 200_000))
def test_select_published_keys_includes_the_keys_of_all_valid_tokens(minutes: list[int], later: int) -> None:
    keys = [
        SigningKey(kid=str(minute), public={}, sealed="", created_at=NOW + timedelta(minutes=minute))
        for minute in sorted(minutes)
    ]
    at = keys[-1].created_at + timedelta(minutes=later)
    published = {key.kid for key in signing_keys.select_published_keys(keys, at)}
    oldest_signer = signing_keys.select_signing_key(keys, at - MAX_TOKEN_LIFETIME).kid
    assert {oldest_signer, signing_keys.select_signing_key(keys, at).kid} <= published
