"""Permissions of the built-in roles."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coachway.identity.model.permissions import (
    BUILT_IN_ROLES,
    PERMISSIONS,
    ROLE_DESCRIPTIONS,
    missing_permissions,
)

permission_sets = st.frozensets(st.sampled_from(sorted(PERMISSIONS)))


def test_built_in_roles_viewer_can_only_read() -> None:
    assert BUILT_IN_ROLES["viewer"]
    assert all(permission.endswith(":read") for permission in BUILT_IN_ROLES["viewer"])


def test_built_in_roles_staff_and_manager_cannot_administer_the_organization() -> None:
    for role in ("staff", "manager"):
        assert BUILT_IN_ROLES[role].isdisjoint({"users:write", "roles:write", "api-keys:write", "organization:write"})


def test_built_in_roles_each_internal_role_includes_the_one_below() -> None:
    viewer, staff, manager, admin = (BUILT_IN_ROLES[role] for role in ("viewer", "staff", "manager", "admin"))
    assert viewer < staff < manager < admin == PERMISSIONS


def test_built_in_roles_approvals_require_a_manager() -> None:
    approvals = {"bids:award", "changes:approve", "charters:override", "refunds:approve"}
    assert approvals <= BUILT_IN_ROLES["manager"] - BUILT_IN_ROLES["staff"]


def test_built_in_roles_all_have_a_description_and_existing_permissions() -> None:
    for role, permissions in BUILT_IN_ROLES.items():
        assert permissions <= PERMISSIONS
        assert ROLE_DESCRIPTIONS[role]


def test_built_in_roles_client_can_cancel_and_pay_only() -> None:
    assert BUILT_IN_ROLES["client"] == {"billing:read", "charters:cancel", "payments:write", "portal:use"}


@given(permission_sets, permission_sets)
def test_missing_permissions_are_granted_but_not_held(held: frozenset[str], granted: frozenset[str]) -> None:
    missing = missing_permissions(held, granted)
    assert (not missing) == (granted <= held)
    assert set(missing) == granted - held
