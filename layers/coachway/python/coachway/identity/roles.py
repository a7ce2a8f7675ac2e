"""Roles: the built-in ones, and those that an organization makes out of the same permissions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from coachway.contracts.identity import RoleCreated, RoleDeleted, RoleUpdated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.errors import FieldError
from coachway.core.persistence.operations import CheckVersion, Create, Op, Update
from coachway.core.persistence.queries import months_between, query_all, query_page
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PageQuery, PartialUpdate, RequestSchema, Text, apply_changes
from coachway.core.types import ids
from coachway.identity import in_memory_paging
from coachway.identity.account_lookup import require_active_session
from coachway.identity.errors import PermissionsExceeded
from coachway.identity.model import permissions as model_permissions
from coachway.identity.model.field_types import RoleName
from coachway.identity.model.permissions import Permission
from coachway.identity.model.user import USERS_BY_ROLE, User

ROLES = AccessPattern("a role that an organization made", pk="ORG#{org}#ROLE#{id}", sk="HEAD")
ROLES_LIST = AccessPattern(
    "the roles that an organization made, by name",
    index="gsi1",
    pk="ORG#{org}#ROLES",
    sk="{name}",
)


class RoleSettings(RequestSchema):
    """What a role is for, and what it may do."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"permissions": ["charters:read", "dispatch:read", "fleet:read"]}]}
    )

    description: Text | None = None
    permissions: Annotated[list[Permission], Field(max_length=len(model_permissions.PERMISSIONS))]


class NewRole(RoleSettings):
    """A role to be made."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "dispatcher",
                    "description": "Runs the day.",
                    "permissions": ["charters:read", "dispatch:read", "dispatch:write", "fleet:read"],
                }
            ]
        }
    )

    name: RoleName


class Role(Entity, NewRole):
    """A set of permissions under a name."""

    KIND: ClassVar[str] = "role"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    built_in: bool = False

    def key(self) -> Key:
        return ROLES.key(org=self.org_id, id=self.id)

    def indexes(self) -> dict[str, Key]:
        return {"gsi1": ROLES_LIST.key(org=self.org_id, name=self.name)}

    def unique_values(self) -> dict[str, str]:
        return {"role-name": self.name}


def get_permissions(org_id: str, name: str) -> frozenset[str]:
    """What a role may do; nothing, if the role has gone."""
    if name in model_permissions.BUILT_IN:
        return model_permissions.BUILT_IN[name]
    role = _find_own_role(org_id, name)
    return frozenset(role.permissions) if role else frozenset()


def grant_checks(caller: Caller, name: str) -> list[Op]:
    """The ops that make sure that a role is still as it was when it is given to somebody.

    Raises Invalid for a role that is not there, Forbidden for one that may do what the caller may not.
    """
    own = None if name in model_permissions.BUILT_IN else _find_own_role(caller.org_id, name)
    if name == "platform" or (name not in model_permissions.BUILT_IN and own is None):
        raise errors.Invalid.field("role", "must be a built-in role (not platform) or one that the organization made")
    require_permissions_held(caller, frozenset(own.permissions) if own else model_permissions.BUILT_IN[name])
    return [CheckVersion(own, errors.ConcurrentUpdate(f"the role {name} was changed just now"))] if own else []


def require_role_not_above_caller(caller: Caller, name: str) -> None:
    """Raises Forbidden when a role may do more than the caller: its people are not the caller's to change."""
    require_permissions_held(caller, get_permissions(caller.org_id, name))


def require_permissions_held(caller: Caller, permissions: frozenset[str]) -> None:
    """Raises Forbidden when there are permissions among these that the caller lacks."""
    missing = model_permissions.missing_permissions(caller.permissions, permissions)
    if missing:
        raise PermissionsExceeded(f"You cannot grant permissions that you do not have: {', '.join(missing)}.")


def list_roles(caller: Caller, query: PageQuery) -> Page[Role]:
    """All roles, by name."""
    own = query_all(Role, ROLES_LIST.partition(org=caller.org_id), index="gsi1", most=model_permissions.MOST_ROLES * 2)
    both = sorted(
        [*(_build_built_in_role(caller, name) for name in model_permissions.BUILT_IN), *own], key=lambda role: role.name
    )
    return in_memory_paging.build_page(both, lambda role: role.name, query, ("roles", caller.org_id))


def _build_built_in_role(caller: Caller, name: str) -> Role:
    since = ids.created_at_of(caller.org_id)
    return Role(
        id=name,
        org_id=caller.org_id,
        name=name,
        description=model_permissions.ABOUT[name],
        permissions=sorted(model_permissions.BUILT_IN[name]),
        built_in=True,
        created_at=since,
        updated_at=since,
    )


def create_role(caller: Caller, body: NewRole) -> Role:
    """Make a role. Raises Duplicate for a name that is taken, Forbidden for permissions that the caller lacks."""
    require_active_session(caller)
    if body.name in model_permissions.RESERVED:
        fields = [FieldError("name", "is the name of a built-in role")]
        raise errors.Duplicate(f"{body.name} is built in", fields=fields)
    require_permissions_held(caller, frozenset(body.permissions))
    if len(query_all(Role, ROLES_LIST.partition(org=caller.org_id), index="gsi1")) >= model_permissions.MOST_ROLES:
        raise errors.Conflict(f"an organization may have at most {model_permissions.MOST_ROLES} roles of its own")
    told = {"name": body.name, "description": body.description, "permissions": sorted(set(body.permissions))}
    role = Role.model_validate({"id": ids.new("rol"), "org_id": caller.org_id, **told})
    store.commit(caller, Create(role, [RoleCreated(name=role.name, permissions=list(role.permissions))]))
    return role


def update_role(caller: Caller, name: str, changes: PartialUpdate[RoleSettings], expected: int | None) -> Role:
    """Give a role other permissions; its people have them from their next access token on."""
    require_active_session(caller)
    before = _get_editable_role(caller, name, expected)
    after = apply_changes(before, changes)
    after.permissions = sorted(set(after.permissions))
    require_permissions_held(caller, frozenset(after.permissions) | frozenset(before.permissions))
    store.commit(caller, Update(before, after, [RoleUpdated(name=name)]))
    return after


def delete_role(caller: Caller, name: str, expected: int | None) -> None:
    """Remove a role that nobody has."""
    require_active_session(caller)
    before = _get_editable_role(caller, name, expected)
    require_permissions_held(caller, frozenset(before.permissions))
    if _is_held(caller.org_id, name):
        raise errors.Conflict(f"there are people with the role {name}: give them another one first")
    after = before.model_copy(update={"deleted_at": clock.now()})
    store.commit(caller, Update(before, after, [RoleDeleted(name=name)]))


def _is_held(org_id: str, name: str) -> bool:
    query = PageQuery(limit=1)
    while True:
        result = list_users_of_role(org_id, name, query)
        if result.items or result.next_cursor is None:
            return bool(result.items)
        query = PageQuery(limit=1, cursor=result.next_cursor)


def list_users_of_role(org_id: str, name: str, query: PageQuery, where: Mapping[str, str] | None = None) -> Page[User]:
    """A page of the users of a role, newest first."""
    since = months_between(ids.created_at_of(org_id), clock.now())
    partitions = [USERS_BY_ROLE.partition(org=org_id, role=name, month=month) for month in reversed(since)]
    return query_page(User, USERS_BY_ROLE, partitions, query, where=where, descending=True)


def _get_editable_role(caller: Caller, name: str, expected: int | None) -> Role:
    if name in model_permissions.BUILT_IN:
        raise errors.Conflict(f"{name} is built in and stays as it is")
    role = _find_own_role(caller.org_id, name)
    if role is None:
        raise errors.NotFound("The role was not found.")
    if expected is not None and expected != role.version:
        raise errors.PreconditionFailed(f"the current version is {role.version}, not {expected}: read it again")
    return role


def _find_own_role(org_id: str, name: str) -> Role | None:
    role_id = store.find_unique_owner(org_id, "role-name", name)
    return store.find(Role, ROLES.key(org=org_id, id=role_id)) if role_id else None
