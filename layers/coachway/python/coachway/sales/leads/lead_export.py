"""Export of the leads of a client, with their activities."""

from collections.abc import Sequence

from coachway.core import store
from coachway.core.persistence.queries import query_all
from coachway.core.schemas import BaseSchema
from coachway.sales.leads.activity_model import Activity
from coachway.sales.leads.model import LEAD, Lead, LeadOfClient


class LeadFile(BaseSchema):
    """All stored data about one lead."""

    lead: Lead
    activities: list[Activity]


def export_leads(copies: Sequence[LeadOfClient]) -> list[LeadFile]:
    """Export the leads with these slim copies. One call for each 100 leads, and one for the activities of each."""
    keys = [LEAD.key(org=copy.org_id, id=copy.lead_id) for copy in copies]
    leads = store.find_many(Lead, keys) if keys else {}
    return [
        LeadFile(lead=lead, activities=query_all(Activity, key.pk, prefix="ACTIVITY#")) for key, lead in leads.items()
    ]
