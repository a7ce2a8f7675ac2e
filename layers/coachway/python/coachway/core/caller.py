"""The caller: the verified identity behind a request."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from coachway.core import errors

if TYPE_CHECKING:
    from coachway.core.persistence.records import Record
    from coachway.core.persistence.responses.idempotency import IdempotentRequest


@dataclass(frozen=True, slots=True)
class Caller:
    """The verified identity behind a request. `org_id` comes from the token, never from a body or a path."""

    org_id: str = ""
    user_id: str = ""
    role: str = "anonymous"
    permissions: frozenset[str] = frozenset()
    session_id: str = ""
    party_id: str = ""
    """The client, vendor or driver that the user acts for; empty for the organization's own users."""
    ip: str = ""
    user_agent: str = ""
    correlation_id: str = ""
    idempotency: "IdempotentRequest | None" = field(default=None, compare=False)
    """The request of an `Idempotency-Key`; the store records its first response."""

    rights_records: "tuple[Record, ...]" = field(default=(), compare=False)
    """The records that gave the caller their rights, if they were read for this request; see `persistence.rights`."""

    @classmethod
    def system(cls, name: str, org_id: str, correlation_id: str = "") -> "Caller":
        """A caller for work that the system does for an organization, on a timer or after an event."""
        return cls(org_id=org_id, user_id=f"system:{name}", role="system", correlation_id=correlation_id)

    @property
    def is_external(self) -> bool:
        """Whether the caller is a client, vendor or driver, who sees only their own records."""
        return self.role in EXTERNAL_ROLES

    @property
    def has_cached_rights(self) -> bool:
        """Whether the rights come from an access token or an API key, so that they may have been withdrawn since."""
        return bool(self.session_id) or self.role == "api_key"

    def is_vendor(self, vendor_id: str) -> bool:
        """Whether the caller acts for this vendor."""
        return self.role == "vendor" and self.party_id == vendor_id

    def in_organization(self, org_id: str) -> "Caller":
        """Return the same caller in an organization that was just looked up or created (login, link, registration)."""
        return replace(self, org_id=org_id)

    def without_idempotency(self) -> "Caller":
        """Return the same caller for a commit that must not store the response, because others follow or it fails."""
        return replace(self, idempotency=None)

    def set_response_status(self, status: int) -> None:
        """Set the status to store with the response for an Idempotency-Key, if it is not that of the route."""
        if self.idempotency is not None:
            self.idempotency.status = status

    def require(self, permission: str) -> None:
        """Raise Forbidden unless the caller has `permission`."""
        if permission not in self.permissions:
            raise errors.Forbidden(f"This operation requires the permission {permission}.")


EXTERNAL_ROLES = frozenset({"client", "vendor", "driver"})
