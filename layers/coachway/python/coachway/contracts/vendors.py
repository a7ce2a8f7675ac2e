"""Events of vendors."""

from typing import Annotated, ClassVar

from coachway.core.persistence.domain_events import Event
from coachway.core.types.personal import Personal


class _Vendor(Event):
    """Fields of every vendor event."""

    business_name: Annotated[str, Personal("vendor")]
    primary_email: Annotated[str, Personal("vendor")]
    vendor_type: str


class VendorRegistered(_Vendor):
    """A vendor was created; staff have to approve it."""

    TYPE: ClassVar[str] = "vendor.registered"


class VendorUpdated(_Vendor):
    """A vendor was updated. If its email changed, links that were sent to the previous email are no longer valid."""

    TYPE: ClassVar[str] = "vendor.updated"

    email_changed: bool = False


class VendorStatusChanged(_Vendor):
    """The status of a vendor was changed."""

    TYPE: ClassVar[str] = "vendor.status_changed"

    old_status: str
    new_status: str
    reason: Annotated[str, Personal("vendor")]


class VendorApproved(_Vendor):
    """A vendor was approved and can get work."""

    TYPE: ClassVar[str] = "vendor.approved"


class VendorSuspended(_Vendor):
    """A vendor was suspended and cannot get work for now."""

    TYPE: ClassVar[str] = "vendor.suspended"

    reason: Annotated[str, Personal("vendor")]


class WebhookSecretIssued(Event):
    """A new webhook secret of a vendor was created; the previous one stays valid for a day."""

    TYPE: ClassVar[str] = "vendor.webhook_secret_issued"

    vendor_id: str
