"""Who may do what, and when an account is locked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from coachway.identity.model import permissions

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
PERMISSIONS = st.frozensets(st.sampled_from(sorted(permissions.PERMISSIONS)))


def test_viewers_only_read() -> None:
    assert permissions.BUILT_IN_ROLES["viewer"]
    assert all(permission.endswith(":read") for permission in permissions.BUILT_IN_ROLES["viewer"])


def test_staff_and_managers_do_not_administrate() -> None:
    for role in ("staff", "manager"):
        held = permissions.BUILT_IN_ROLES[role]
        assert held.isdisjoint({"users:write", "roles:write", "api-keys:write", "organization:write"})


def test_each_inside_role_may_do_all_that_the_one_below_may() -> None:
    viewer, staff, manager, admin = (
        permissions.BUILT_IN_ROLES[role] for role in ("viewer", "staff", "manager", "admin")
    )
    assert viewer < staff < manager < admin == permissions.PERMISSIONS


def test_managers_decide_what_staff_only_prepare() -> None:
    decided = {"bids:award", "changes:approve", "charters:override", "refunds:approve"}
    assert decided <= permissions.BUILT_IN_ROLES["manager"] - permissions.BUILT_IN_ROLES["staff"]


def test_every_role_is_made_of_known_permissions_and_described() -> None:
    for role, held in permissions.BUILT_IN_ROLES.items():
        assert held <= permissions.PERMISSIONS
        assert permissions.ROLE_DESCRIPTIONS[role]


def test_a_client_can_cancel_and_pay_and_nothing_else_outside_the_portal() -> None:
    assert permissions.BUILT_IN_ROLES["client"] == {"billing:read", "charters:cancel", "payments:write", "portal:use"}


@given(PERMISSIONS, PERMISSIONS)
def test_what_somebody_gives_they_have_themselves(held: frozenset[str], granted: frozenset[str]) -> None:
    lacking = permissions.missing_permissions(held, granted)
    assert (not lacking) == (granted <= held)
    assert set(lacking) == granted - held


def test_the_tenth_try_locks() -> None:
    assert not permissions.locks(9)
    assert permissions.locks(10)


def test_tries_count_together_until_a_lock_is_over_or_a_day_has_passed() -> None:
    just_now = AT - timedelta(minutes=1)
    assert permissions.tries_after(0, None, None, AT) == 1
    assert permissions.tries_after(4, just_now, None, AT) == 5
    assert permissions.tries_after(4, AT - timedelta(hours=24), None, AT) == 1
    assert permissions.tries_after(10, just_now, AT + timedelta(seconds=1), AT) == 11
    assert permissions.tries_after(10, just_now, AT, AT) == 1
