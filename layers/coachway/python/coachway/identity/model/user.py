"""Users, and the registration of organizations."""

from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, ValidationInfo, model_validator

from coachway.core.persistence.records import AccessPattern, Entity, Key, Record
from coachway.core.schemas import PageQuery, RequestSchema
from coachway.core.types import ids
from coachway.core.types.contact import Email, Phone, normalize_email
from coachway.core.types.personal import ERASED, Personal
from coachway.core.types.stored_values import is_stored
from coachway.core.types.text import Text
from coachway.core.types.time_zones import TimeZone
from coachway.core.user_reference import USERS
from coachway.identity.model.field_types import Currency, NewPassword, RoleName, Slug
from coachway.identity.model.permissions import PARTY_ID_PREFIXES

SLUGS = AccessPattern(
    "the organization that has a slug, unique in the deployment",
    pk="SLUG#{slug}",
    sk="SLUG",
)
USERS_LIST = AccessPattern(
    "the users of an organization, newest first, by the month they were added",
    index="gsi1",
    pk="ORG#{org}#USERS#{month}",
    sk="{id}",
)
USERS_BY_ROLE = AccessPattern(
    "the users of a role, newest first, by the month they were added",
    index="gsi2",
    pk="ORG#{org}#ROLE_USERS#{role}#{month}",
    sk="{id}",
)
ADMINS = AccessPattern(
    "the number of active admins of an organization, at least one",
    pk="ORG#{org}#ADMINS",
    sk="COUNT",
)


class SlugHolder(Record):
    """The organization that has a slug."""

    KIND: ClassVar[str] = "slug"

    slug: str
    organization_id: str

    def key(self) -> Key:
        return SLUGS.key(slug=self.slug)


class NewOrganization(RequestSchema):
    """The organization to register."""

    name: Text
    slug: Slug
    timezone: TimeZone = "America/New_York"
    currency: Currency = "USD"


class NewAdmin(RequestSchema):
    """The first admin of an organization."""

    email: Email
    password: NewPassword
    first_name: Text
    last_name: Text


class Registration(RequestSchema):
    """An organization to register, with its first admin."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organization": {
                        "name": "Harbor Coach",
                        "slug": "harbor",
                        "timezone": "America/New_York",
                        "currency": "USD",
                    },
                    "admin": {
                        "email": "ana@harbor.example",
                        "password": "correct horse battery staple",
                        "first_name": "Ana",
                        "last_name": "Ruiz",
                    },
                }
            ]
        }
    )

    organization: NewOrganization
    admin: NewAdmin


UserStatus = Literal["invited", "active", "disabled"]
PartyId = Annotated[str, StringConstraints(pattern=r"^(cli|ven|drv)_[0-7][0-9A-HJKMNP-TV-Z]{25}$")]


_ROLES_THAT_NEED_A_PARTY: Final = frozenset({"client", "vendor"})
"""Their users could see nothing without a party."""


class UserFields(RequestSchema):
    """The fields of a user."""

    email: Annotated[Email | None, Personal("user")] = None
    phone: Annotated[Phone | None, Personal("user")] = None
    first_name: Annotated[Text, Personal("user", ERASED)]
    last_name: Annotated[Text, Personal("user", ERASED)]
    role: RoleName
    party_id: Annotated[
        PartyId | None,
        Field(
            description="The client, vendor or driver that the user acts for. Required for the roles `client` and "
            "`vendor`. A user with the role `driver` can also get it later, by `POST /drivers` with `user_id`."
        ),
    ] = None

    @model_validator(mode="after")
    def _validate_contact_and_party(self, info: ValidationInfo) -> Self:
        if self.email is None and self.phone is None:
            raise ValueError("email: an email or a phone is required")
        prefix = PARTY_ID_PREFIXES.get(self.role)
        if self.party_id is not None and not self.party_id.startswith(f"{prefix}_"):
            reason = f"must be the id of a {self.role}" if prefix else "only a client, vendor or driver has one"
            raise ValueError(f"party_id: {reason}")
        needs_party = self.role in _ROLES_THAT_NEED_A_PARTY and not is_stored(info, "role", "party_id")
        if self.party_id is None and needs_party:
            raise ValueError(f"party_id: is required for the role {self.role}: the {self.role} that the user acts for")
        return self


class NewUser(UserFields):
    """A user with a password. Clients, vendors and drivers can use one-time codes instead."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "email": "dana@harbor.example",
                    "first_name": "Dana",
                    "last_name": "Lee",
                    "role": "staff",
                    "password": "correct horse battery staple",
                }
            ]
        }
    )

    password: NewPassword | None = None


class UserSettings(UserFields):
    """The fields of a user that an admin can change."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"first_name": "Dana", "role": "manager"}]})

    status: Literal["active", "disabled"]
    mfa_enabled: Annotated[
        Literal[False], Field(description="`false` removes the second factor of a user who lost it.")
    ] = False


class UserInvitation(UserFields):
    """A user to invite by email."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"email": "sam@harbor.example", "role": "staff", "first_name": "Sam", "last_name": "Okafor"},
            ]
        }
    )

    email: Email


class User(Entity, UserFields):
    """A user of the organization."""

    KIND: ClassVar[str] = "user"
    GRANTS_RIGHTS: ClassVar[bool] = True
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    status: UserStatus
    mfa_enabled: bool = False

    def key(self) -> Key:
        return USERS.key(org=self.org_id, id=self.id)

    def indexes(self) -> dict[str, Key]:
        month = ids.get_created_at(self.id).strftime("%Y-%m")
        return {
            "gsi1": USERS_LIST.key(org=self.org_id, month=month, id=self.id),
            "gsi2": USERS_BY_ROLE.key(org=self.org_id, role=self.role, month=month, id=self.id),
        }

    def attributes(self) -> dict[str, str | int | bool]:
        return {"role": self.role, "status": self.status}

    def unique_values(self) -> dict[str, str]:
        values = {"user-email": normalize_email(self.email) if self.email else "", "user-phone": self.phone or ""}
        return {name: value for name, value in values.items() if value}

    @property
    def is_active_admin(self) -> bool:
        return self.role == "admin" and self.status == "active" and self.deleted_at is None


class UserQuery(PageQuery):
    """Filters of users."""

    role: RoleName | None = None
    status: UserStatus | None = None
