"""Which key signs, and which are still published."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from coachway.core.auth.authentication import SigningKey
from coachway.identity.model import permissions
from coachway.identity.secrets import signing_keys

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
LONGEST_TOKEN = max(permissions.ACCESS_LIFE, permissions.MFA_LIFE)


def key(kid: str, age: timedelta) -> SigningKey:
    return SigningKey(kid=kid, public={}, sealed="", created_at=AT - age)


def test_the_only_key_signs_at_once() -> None:
    assert signing_keys.select_signing_key([key("a", timedelta(0))], AT).kid == "a"


def test_a_new_key_signs_once_everybody_has_had_time_to_read_it() -> None:
    old = key("old", timedelta(days=30))
    assert signing_keys.select_signing_key([old, key("new", timedelta(minutes=9, seconds=59))], AT).kid == "old"
    assert signing_keys.select_signing_key([old, key("new", timedelta(minutes=10))], AT).kid == "new"


def test_a_replaced_key_goes_after_a_day() -> None:
    old, new = key("old", timedelta(days=60)), key("new", timedelta(days=1, minutes=9))
    assert [each.kid for each in signing_keys.select_published_keys([old, new], AT)] == ["old", "new"]
    later = AT + timedelta(minutes=1)
    assert [each.kid for each in signing_keys.select_published_keys([old, new], later)] == ["new"]


@given(st.lists(st.integers(0, 200_000), min_size=1, max_size=5, unique=True), st.integers(0, 200_000))
def test_a_key_is_published_as_long_as_a_token_of_it_can_live(minutes: list[int], later: int) -> None:
    start = AT
    made = [
        SigningKey(kid=str(minute), public={}, sealed="", created_at=start + timedelta(minutes=minute))
        for minute in sorted(minutes)
    ]
    at = made[-1].created_at + timedelta(minutes=later)
    kept = {each.kid for each in signing_keys.select_published_keys(made, at)}
    signed_before = signing_keys.select_signing_key(made, at - LONGEST_TOKEN).kid
    assert {signed_before, signing_keys.select_signing_key(made, at).kid} <= kept
