"""Activities of leads: requests, records and access patterns. They are in the partition of their lead."""

from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import RequestSchema
from coachway.core.types import ids
from coachway.core.types.personal import Personal
from coachway.core.types.text import Note
from coachway.sales.leads.rules import ActivityType

ActivityId = Annotated[str, Field(pattern=ids.pattern("lac"))]

ACTIVITIES = AccessPattern("the activities of a lead, newest first", pk="ORG#{org}#LEAD#{lead}", sk="ACTIVITY#{id}")


class ActivityInput(RequestSchema):
    """Something that happened with a lead."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"activity_type": "call", "details": "Wants a quote for 48 seats by Friday"}]}
    )

    activity_type: ActivityType
    details: Annotated[Note, Personal()] = ""


class Activity(Entity, ActivityInput):
    """An activity of a lead. `lead_id` is the lead that it was about first, also after a merge."""

    KIND: ClassVar[str] = "lead_activity"
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    lead_id: str
    original_lead_id: str = ""
    performed_by: str = ""

    def key(self) -> Key:
        return ACTIVITIES.key(org=self.org_id, lead=self.lead_id, id=self.id)
