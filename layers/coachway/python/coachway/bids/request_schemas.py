"""Requests for bids as somebody may see them; `views` fills them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from coachway.bids.request_model import VendorMatch
from coachway.bids.rules import RequestStatus
from coachway.core.persistence.records import Entity
from coachway.core.types.money import NonNegativeApiAmount
from coachway.core.workflows.failure import WorkflowFailure


class BidRequestView(Entity):
    """A request for bids. Its vendors do not see the target price, nor whom else it went to."""

    KIND: ClassVar[str] = "bid_request_view"
    # A vendor sees what became of its own invitation, which moves without the request.
    ETAG_IS_VERSION: ClassVar[bool] = False

    charter_id: str
    charter_number: str
    vehicle_count: int
    currency: str
    deadline: AwareDatetime
    target_price: NonNegativeApiAmount | None = None
    sealed: bool
    is_sealed: bool
    requires_ada: bool
    message: str
    status: RequestStatus
    status_reason: str
    opened_by: str | None = None
    closed_at: AwareDatetime | None = None
    closed_by: str | None = None
    closed_early: bool = False
    matching: bool | None = None
    invited_count: int | None = None
    escalated_at: AwareDatetime | None = None
    failure: WorkflowFailure | None = None
    viewed_at: Annotated[datetime | None, Field(description="by the vendor that asks")] = None
    responded_at: datetime | None = None
    is_accepted: bool | None = None
    bid_id: str | None = None


class BidRequestDetails(BidRequestView):
    """A request for bids with everybody who was considered for it; a vendor sees itself only."""

    vendors: list[VendorMatch] = Field(default_factory=list)
