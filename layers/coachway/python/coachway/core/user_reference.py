"""The fields of users that core reads. The full record is `identity.model.user.User`."""

from typing import ClassVar

from coachway.core.persistence.records import AccessPattern, Entity, Key

USERS = AccessPattern("a user by id", pk="ORG#{org}#USER#{id}", sk="HEAD")


class UserReference(Entity):
    """The fields of a user that decide whether their API keys are valid."""

    KIND: ClassVar[str] = "user"

    status: str

    def key(self) -> Key:
        return USERS.key(org=self.org_id, id=self.id)
