"""What happens to vendors."""

from __future__ import annotations

from typing import Annotated, ClassVar

from coachway.core.persistence.domain_events import Event
from coachway.core.types.personal import Personal


class _Vendor(Event):
    """Which vendor, and how it is reached."""

    business_name: Annotated[str, Personal("vendor")]
    primary_email: Annotated[str, Personal("vendor")]
    vendor_type: str


class VendorRegistered(_Vendor):
    """A vendor was added; somebody has to approve it."""

    TYPE: ClassVar[str] = "vendor.registered"


class VendorUpdated(_Vendor):
    """Something about a vendor was changed."""

    TYPE: ClassVar[str] = "vendor.updated"


class VendorStatusChanged(_Vendor):
    """A vendor has another status."""

    TYPE: ClassVar[str] = "vendor.status_changed"

    old_status: str
    new_status: str
    reason: Annotated[str, Personal("vendor")]


class VendorApproved(_Vendor):
    """A vendor may be given work for the first time."""

    TYPE: ClassVar[str] = "vendor.approved"


class VendorSuspended(_Vendor):
    """A vendor may not be given work for the time being."""

    TYPE: ClassVar[str] = "vendor.suspended"

    reason: Annotated[str, Personal("vendor")]


class WebhookSecretIssued(Event):
    """A vendor's system got a new secret to sign with; the one before it stays good for a day."""

    TYPE: ClassVar[str] = "vendor.webhook_secret_issued"

    vendor_id: str
