"""Activities of leads: add and list."""

from coachway.contracts.sales import LeadActivityAdded
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import CheckVersion, Create
from coachway.core.persistence.queries import query_page
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.schemas import Page, PageQuery
from coachway.core.types import ids
from coachway.sales.leads import queries
from coachway.sales.leads.activity_model import ACTIVITIES, Activity, ActivityInput
from coachway.sales.leads.service import require_not_merged


@retry_on_conflict
def add_activity(caller: Caller, lead_id: str, request: ActivityInput) -> Activity:
    """Add an activity to a lead. Raises NotFound, LeadMerged."""
    lead = queries.get_lead(caller, lead_id)
    require_not_merged(lead)
    activity = Activity(
        id=ids.new("lac"),
        org_id=caller.org_id,
        lead_id=lead.id,
        original_lead_id=lead.id,
        performed_by=caller.user_id,
        **request.model_dump(),
    )
    event = LeadActivityAdded(lead_id=lead.id, activity_id=activity.id, activity_type=activity.activity_type.value)
    # A merge moves the activities: none may be added while it does.
    unchanged = CheckVersion(lead, errors.ConcurrentUpdate("The lead was changed by another request. Retry."))
    store.commit(caller, Create(activity, [event]), unchanged)
    return activity


def list_activities(caller: Caller, lead_id: str, query: PageQuery) -> Page[Activity]:
    """List the activities of a lead, newest first. Raises NotFound."""
    lead = queries.get_lead(caller, lead_id)
    partition = ACTIVITIES.partition(org=caller.org_id, lead=lead.merged_into_id or lead.id)
    return query_page(Activity, ACTIVITIES, [partition], query, prefix="ACTIVITY#", descending=True)
