"""Built-in roles, and roles that an organization creates."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final

from pydantic import ConfigDict, Field

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.errors import FieldError
from coachway.core.persistence.operations import CheckVersion, Create, Op, Update
from coachway.core.persistence.queries import months_between, query_all, query_page
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PageQuery, PartialUpdate, RequestSchema, apply_changes
from coachway.core.types import ids
from coachway.core.types.text import Text
from coachway.identity import in_memory_paging
from coachway.identity.errors import PermissionsExceeded
from coachway.identity.model.field_types import RoleName
from coachway.identity.model.permissions import (
    BUILT_IN_ROLES,
    PERMISSIONS,
    RESERVED_ROLE_NAMES,
    ROLE_DESCRIPTIONS,
    Permission,
    missing_permissions,
)
from coachway.identity.model.user import USERS_BY_ROLE, User

ROLES = AccessPattern("a role that an organization created", pk="ORG#{org}#ROLE#{id}", sk="HEAD")
ROLES_LIST = AccessPattern(
    "the roles that an organization created, by name",
    index="gsi1",
    pk="ORG#{org}#ROLES",
    sk="{name}",
)

MAX_ROLES: Final = 50
"""Roles of its own that an organization can have."""


class RoleSettings(RequestSchema):
    """The description and permissions of a role."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"permissions": ["charters:read", "dispatch:read", "fleet:read"]}]}
    )

    description: Text | None = None
    permissions: Annotated[list[Permission], Field(max_length=len(PERMISSIONS))]


class NewRole(RoleSettings):
    """A role to create."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "dispatcher",
                    "description": "Assigns drivers and vehicles.",
                    "permissions": ["charters:read", "dispatch:read", "dispatch:write", "fleet:read"],
                }
            ]
        }
    )

    name: RoleName


class Role(Entity, NewRole):
    """A named set of permissions."""

    KIND: ClassVar[str] = "role"
    GRANTS_RIGHTS: ClassVar[bool] = True
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    built_in: bool = False

    def key(self) -> Key:
        return ROLES.key(org=self.org_id, id=self.id)

    def indexes(self) -> dict[str, Key]:
        return {"gsi1": ROLES_LIST.key(org=self.org_id, name=self.name)}

    def unique_values(self) -> dict[str, str]:
        return {"role-name": self.name}


def get_permissions(org_id: str, name: str) -> frozenset[str]:
    """Return the permissions of a role; none if it does not exist."""
    return read_role(org_id, name)[0]


def read_role(org_id: str, name: str) -> tuple[frozenset[str], Role | None]:
    """Return the permissions of a role, and its record if the organization created it; none if it does not exist."""
    if name in BUILT_IN_ROLES:
        return BUILT_IN_ROLES[name], None
    role = _find_own_role(org_id, name)
    return frozenset(role.permissions) if role else frozenset(), role


def grant_check_ops(caller: Caller, name: str) -> list[Op]:
    """Return operations that fail the transaction if a role changes before it is granted.

    Raises Invalid if the role does not exist, PermissionsExceeded if it has permissions that the caller does not have.
    """
    own_role = None if name in BUILT_IN_ROLES else _find_own_role(caller.org_id, name)
    if name == "platform" or (name not in BUILT_IN_ROLES and own_role is None):
        raise errors.Invalid.field("role", "must be a built-in role other than platform, or a role of the organization")
    require_permissions_held(caller, frozenset(own_role.permissions) if own_role else BUILT_IN_ROLES[name])
    if own_role is None:
        return []
    return [CheckVersion(own_role, errors.ConcurrentUpdate(f"The role {name} was changed by another request."))]


def require_role_not_above_caller(caller: Caller, name: str) -> None:
    """Raise PermissionsExceeded if a role has permissions that the caller does not have."""
    require_permissions_held(caller, get_permissions(caller.org_id, name))


def require_permissions_held(caller: Caller, permissions: frozenset[str]) -> None:
    """Raise PermissionsExceeded unless the caller has all of `permissions`."""
    missing = missing_permissions(caller.permissions, permissions)
    if missing:
        raise PermissionsExceeded(f"You cannot grant permissions that you do not have: {', '.join(missing)}.")


def list_roles(caller: Caller, query: PageQuery) -> Page[Role]:
    """List built-in roles and the organization's own, by name."""
    own_roles = query_all(Role, ROLES_LIST.partition(org=caller.org_id), index="gsi1", limit=MAX_ROLES * 2)
    built_in_roles = [_build_built_in_role(caller, name) for name in BUILT_IN_ROLES]
    roles = sorted([*built_in_roles, *own_roles], key=lambda role: role.name)
    return in_memory_paging.build_page(roles, lambda role: role.name, query, ("roles", caller.org_id))


def _build_built_in_role(caller: Caller, name: str) -> Role:
    created_at = ids.get_created_at(caller.org_id)
    return Role(
        id=name,
        org_id=caller.org_id,
        name=name,
        description=ROLE_DESCRIPTIONS[name],
        permissions=sorted(BUILT_IN_ROLES[name]),
        built_in=True,
        created_at=created_at,
        updated_at=created_at,
    )


def create_role(caller: Caller, body: NewRole) -> Role:
    """Create a role. Raises Duplicate, or PermissionsExceeded for permissions that the caller does not have."""
    from coachway.contracts.identity import RoleCreated  # imported late: functions that only read roles do not need it

    if body.name in RESERVED_ROLE_NAMES:
        field_errors = [FieldError("name", "is the name of a built-in role")]
        raise errors.Duplicate(f"The role {body.name} is built in. Choose another name.", fields=field_errors)
    require_permissions_held(caller, frozenset(body.permissions))
    if len(query_all(Role, ROLES_LIST.partition(org=caller.org_id), index="gsi1")) >= MAX_ROLES:
        raise errors.Conflict(f"An organization can have at most {MAX_ROLES} roles of its own.")
    fields = {"name": body.name, "description": body.description, "permissions": sorted(set(body.permissions))}
    role = Role.model_validate({"id": ids.new("rol"), "org_id": caller.org_id, **fields})
    store.commit(caller, Create(role, [RoleCreated(name=role.name, permissions=list(role.permissions))]))
    return role


def update_role(caller: Caller, name: str, changes: PartialUpdate[RoleSettings], expected: int | None) -> Role:
    """Update a role. Its users get the new permissions with their next access token."""
    from coachway.contracts.identity import RoleUpdated  # imported late: functions that only read roles do not need it

    before = _get_editable_role(caller, name, expected)
    after = apply_changes(before, changes)
    after.permissions = sorted(set(after.permissions))
    require_permissions_held(caller, frozenset(after.permissions) | frozenset(before.permissions))
    store.commit(caller, Update(before, after, [RoleUpdated(name=name)]))
    return after


def delete_role(caller: Caller, name: str, expected: int | None) -> None:
    """Delete a role. Raises Conflict if a user has it."""
    from coachway.contracts.identity import RoleDeleted  # imported late: functions that only read roles do not need it

    before = _get_editable_role(caller, name, expected)
    require_permissions_held(caller, frozenset(before.permissions))
    if _has_users(caller.org_id, name):
        raise errors.Conflict(f"The role {name} is assigned to users. Assign them another role first.")
    after = before.model_copy(update={"deleted_at": clock.now()})
    store.commit(caller, Update(before, after, [RoleDeleted(name=name)]))


def _has_users(org_id: str, name: str) -> bool:
    query = PageQuery(limit=1)
    while True:
        page = list_users_of_role(org_id, name, query)
        if page.items or page.next_cursor is None:
            return bool(page.items)
        query = PageQuery(limit=1, cursor=page.next_cursor)


def list_users_of_role(org_id: str, name: str, query: PageQuery, where: Mapping[str, str] | None = None) -> Page[User]:
    """List the users of a role, newest first."""
    months = months_between(ids.get_created_at(org_id), clock.now())
    partitions = [USERS_BY_ROLE.partition(org=org_id, role=name, month=month) for month in reversed(months)]
    return query_page(User, USERS_BY_ROLE, partitions, query, where=where, descending=True)


def _get_editable_role(caller: Caller, name: str, expected: int | None) -> Role:
    if name in BUILT_IN_ROLES:
        raise errors.Conflict(f"The role {name} is built in and cannot be changed.")
    role = _find_own_role(caller.org_id, name)
    if role is None:
        raise errors.NotFound("The role was not found.")
    if expected is not None and expected != role.version:
        raise errors.PreconditionFailed(f"The current version is {role.version}, not {expected}. Read the role again.")
    return role


def _find_own_role(org_id: str, name: str) -> Role | None:
    role_id = store.find_unique_owner(org_id, "role-name", name)
    return store.find(Role, ROLES.key(org=org_id, id=role_id)) if role_id else None
