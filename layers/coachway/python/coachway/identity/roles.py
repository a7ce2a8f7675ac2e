"""Roles: the built-in ones, and those that an organization makes out of the same permissions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from coachway.core import clock, errors, ids, store
from coachway.core.caller import Caller
from coachway.core.errors import FieldError
from coachway.core.listing import everything, months, page
from coachway.core.model import AccessPattern, Entity, Key
from coachway.core.ops import Create, Op, Require, Update
from coachway.core.schemas import Changes, Input, Page, PageQuery, Text, changed
from coachway.identity import paging, rules
from coachway.identity.accounts import still
from coachway.identity.events import RoleCreated, RoleDeleted, RoleUpdated
from coachway.identity.fields import RoleName
from coachway.identity.model import USERS_BY_ROLE, User
from coachway.identity.rules import Permission

ROLES = AccessPattern("a role that an organization made", pk="ORG#{org}#ROLE#{id}", sk="HEAD", used_by="identity.roles")
ROLES_LIST = AccessPattern(
    "the roles that an organization made, by name",
    index="gsi1",
    pk="ORG#{org}#ROLES",
    sk="{name}",
    used_by="identity.roles.listed",
)


class RoleSettings(Input):
    """What a role is for, and what it may do."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"permissions": ["charters:read", "dispatch:read", "fleet:read"]}]}
    )

    description: Text | None = None
    permissions: Annotated[list[Permission], Field(max_length=len(rules.PERMISSIONS))]


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

    def uniques(self) -> dict[str, str]:
        return {"role-name": self.name}


def permissions_of(org_id: str, name: str) -> frozenset[str]:
    """What a role may do; nothing, if the role has gone."""
    if name in rules.BUILT_IN:
        return rules.BUILT_IN[name]
    role = _own(org_id, name)
    return frozenset(role.permissions) if role else frozenset()


def grantable(caller: Caller, name: str) -> list[Op]:
    """The ops that make sure that a role is still as it was when it is given to somebody.

    Raises Invalid for a role that is not there, Forbidden for one that may do what the caller may not.
    """
    own = None if name in rules.BUILT_IN else _own(caller.org_id, name)
    if name == "platform" or (name not in rules.BUILT_IN and own is None):
        raise errors.Invalid.field("role", "must be a built-in role (not platform) or one that the organization made")
    held(caller, frozenset(own.permissions) if own else rules.BUILT_IN[name])
    return [Require(own, errors.LostRace(f"the role {name} was changed just now"))] if own else []


def held_by(caller: Caller, name: str) -> None:
    """Raises Forbidden when a role may do more than the caller: its people are not the caller's to change."""
    held(caller, permissions_of(caller.org_id, name))


def held(caller: Caller, permissions: frozenset[str]) -> None:
    """Raises Forbidden when there are permissions among these that the caller lacks."""
    lacking = rules.ungrantable(caller.permissions, permissions)
    if lacking:
        raise errors.Forbidden(
            f"you cannot give what you do not have: {', '.join(lacking)}", title="that is more than your own rights"
        )


def listed(caller: Caller, query: PageQuery) -> Page[Role]:
    """All roles, by name."""
    own = everything(Role, ROLES_LIST.partition(org=caller.org_id), index="gsi1", most=rules.MOST_ROLES * 2)
    both = sorted([*(_built_in(caller, name) for name in rules.BUILT_IN), *own], key=lambda role: role.name)
    return paging.page_of(both, lambda role: role.name, query, ("roles", caller.org_id))


def _built_in(caller: Caller, name: str) -> Role:
    since = ids.made_at(caller.org_id)
    return Role(
        id=name,
        org_id=caller.org_id,
        name=name,
        description=rules.ABOUT[name],
        permissions=sorted(rules.BUILT_IN[name]),
        built_in=True,
        created_at=since,
        updated_at=since,
    )


def created(caller: Caller, body: NewRole) -> Role:
    """Make a role. Raises Duplicate for a name that is taken, Forbidden for permissions that the caller lacks."""
    still(caller)
    if body.name in rules.RESERVED:
        fields = [FieldError("name", "is the name of a built-in role")]
        raise errors.Duplicate(f"{body.name} is built in", fields=fields)
    held(caller, frozenset(body.permissions))
    if len(everything(Role, ROLES_LIST.partition(org=caller.org_id), index="gsi1")) >= rules.MOST_ROLES:
        raise errors.Conflict(f"an organization may have at most {rules.MOST_ROLES} roles of its own")
    told = {"name": body.name, "description": body.description, "permissions": sorted(set(body.permissions))}
    role = Role.model_validate({"id": ids.new("rol"), "org_id": caller.org_id, **told})
    store.commit(caller, Create(role, [RoleCreated(name=role.name, permissions=list(role.permissions))]))
    return role


def updated(caller: Caller, name: str, changes: Changes[RoleSettings], expected: int | None) -> Role:
    """Give a role other permissions; its people have them from their next access token on."""
    still(caller)
    before = _editable(caller, name, expected)
    after = changed(before, changes)
    after.permissions = sorted(set(after.permissions))
    held(caller, frozenset(after.permissions) | frozenset(before.permissions))
    store.commit(caller, Update(before, after, [RoleUpdated(name=name)]))
    return after


def deleted(caller: Caller, name: str, expected: int | None) -> None:
    """Remove a role that nobody has."""
    still(caller)
    before = _editable(caller, name, expected)
    held(caller, frozenset(before.permissions))
    if _is_held(caller.org_id, name):
        raise errors.Conflict(f"there are people with the role {name}: give them another one first")
    after = before.model_copy(update={"deleted_at": clock.now()})
    store.commit(caller, Update(before, after, [RoleDeleted(name=name)]))


def _is_held(org_id: str, name: str) -> bool:
    query = PageQuery(limit=1)
    while True:
        found = users_of(org_id, name, query)
        if found.items or found.next_cursor is None:
            return bool(found.items)
        query = PageQuery(limit=1, cursor=found.next_cursor)


def users_of(org_id: str, name: str, query: PageQuery, where: Mapping[str, str] | None = None) -> Page[User]:
    """A page of the users of a role, newest first."""
    since = months(ids.made_at(org_id), clock.now())
    partitions = [USERS_BY_ROLE.partition(org=org_id, role=name, month=month) for month in reversed(since)]
    return page(User, USERS_BY_ROLE, partitions, query, where=where, descending=True)


def _editable(caller: Caller, name: str, expected: int | None) -> Role:
    if name in rules.BUILT_IN:
        raise errors.Conflict(f"{name} is built in and stays as it is")
    role = _own(caller.org_id, name)
    if role is None:
        raise errors.Missing("there is no such role")
    if expected is not None and expected != role.version:
        raise errors.Stale(f"the current version is {role.version}, not {expected}: read it again")
    return role


def _own(org_id: str, name: str) -> Role | None:
    role_id = store.owner_of(org_id, "role-name", name)
    return store.find(Role, ROLES.key(org=org_id, id=role_id)) if role_id else None
