"""Routes of leads and assignment rules."""

from typing import cast

from coachway.core.caller import Caller
from coachway.core.errors import InvalidStatusTransition, NotFound, RateLimited
from coachway.core.http.response_types import Response
from coachway.core.http.routing import PUBLIC, ApiRouter
from coachway.core.schemas import Page, PageQuery, PartialUpdate
from coachway.identity.errors import NotStaff
from coachway.identity.model.field_types import Slug
from coachway.sales.assignment import service as assignment
from coachway.sales.assignment.errors import TooManyAssignmentRules
from coachway.sales.assignment.model import AssignmentRule, AssignmentRuleId, AssignmentRuleInput, AssignmentRules
from coachway.sales.leads import activities, capture, erasure, merging, public_requests, queries, service
from coachway.sales.leads.activity_model import Activity, ActivityInput
from coachway.sales.leads.errors import (
    LeadHasClient,
    LeadMerged,
    LeadNeedsConversion,
    LeadsNotMergeable,
    LostReasonRequired,
    OtherOpenLead,
)
from coachway.sales.leads.model import Lead, LeadId, LeadInput, LeadQuery, MergeInput, NewLead, OwnLeadQuery
from coachway.sales.leads.public_requests import LeadReceipt, PublicLead
from coachway.sales.my_day import service as my_day
from coachway.sales.my_day.service import MyDay
from coachway.sales.pipeline import service as pipeline
from coachway.sales.pipeline.model import Pipeline, PipelineQuery

api = ApiRouter("sales", "Leads, and the agents who take care of them.")
app = api.app


@api.post("/sales/leads", permission="sales:write", status=201, other_status=200, errors=(NotFound, NotStaff))
def capture_lead(caller: Caller, body: NewLead) -> Lead:
    """Capture a lead.

    Without `assigned_to_agent_id` it is assigned automatically: to the agent of the client who has the email address,
    else to the agent whose turn it is. `assignment_explanation` says who was skipped, and why. A person who has an open
    lead of the last 30 days gets it again with status 200, and the request becomes an activity of it. `+tag` and case
    of email addresses do not matter for that.
    """
    captured = capture.capture_lead(caller, body)
    return captured.lead if captured.is_new else cast("Lead", Response(captured.lead, status=200))


@api.post("/public/leads/{organization_slug}", permission=PUBLIC, status=201, errors=(NotFound, RateLimited))
def request_quote(caller: Caller, organization_slug: Slug, body: PublicLead) -> LeadReceipt:
    """Request a quote.

    For forms on the website of an organization. Send the text to which the person agrees as `consent_text`. Leave
    `website` empty: it is a trap for programs, whose requests are ignored. The response is the same for a person who
    has asked before.
    """
    return public_requests.receive_request(caller, organization_slug, body)


@api.get("/sales/leads", permission="sales:read")
def list_leads(caller: Caller, query: LeadQuery) -> Page[Lead]:
    """List leads, newest first.

    Filter by status, source and agent. With `unassigned`, lists the open leads without an agent, oldest first. With
    `q`, finds leads by words of names, email, phone and places.
    """
    return queries.list_leads(caller, query)


@api.get("/sales/leads/my-leads", permission="sales:read")
def list_own_leads(caller: Caller, query: OwnLeadQuery) -> Page[Lead]:
    """List the caller's own leads, newest first.

    Filter by status.
    """
    return queries.list_own_leads(caller, query)


@api.get("/sales/my-day", permission="sales:read")
def get_own_day(caller: Caller) -> MyDay:
    """Get what the caller should do today.

    The caller's open leads whose follow-up is due by the end of the organization's local day, and the quotes that the
    caller sells: those that expire within 48 hours, that the client has opened but not answered for 24 hours, and that
    were accepted today. Quotes sent before a release that lists them appear after `make rebuild`.
    """
    return my_day.get_own_day(caller)


@api.get("/sales/leads/pipeline", permission="sales:read")
def get_pipeline(caller: Caller, query: PipelineQuery) -> Pipeline:
    """Get the pipeline.

    Leads by status, agent and age, and how many of the leads of the last months are converted, by source and by agent.
    """
    return pipeline.get_pipeline(caller, query)


@api.get("/sales/leads/{lead_id}", permission="sales:read")
def get_lead(caller: Caller, lead_id: LeadId) -> Lead:
    """Get a lead.

    A lead that was merged into another has the id of that one in `merged_into_id`.
    """
    return queries.get_lead(caller, lead_id)


@api.put(
    "/sales/leads/{lead_id}",
    permission="sales:write",
    errors=(
        NotStaff,
        InvalidStatusTransition,
        LeadMerged,
        LeadNeedsConversion,
        LostReasonRequired,
        OtherOpenLead,
    ),
)
def update_lead(caller: Caller, lead_id: LeadId, body: PartialUpdate[LeadInput], if_match: int | None) -> Lead:
    """Update a lead.

    Omitted fields keep their values. The status `dead` needs a `lost_reason`. With `assigned_to_agent_id`, another
    agent gets the lead.
    """
    return service.update_lead(caller, lead_id, body, if_match)


@api.post("/sales/leads/{lead_id}/erase", permission="clients:write", errors=(LeadHasClient,))
def erase_lead(caller: Caller, lead_id: LeadId) -> Lead:
    """Erase the personal data of a lead.

    Permanently removes names, addresses and texts from the lead, its activities and its history; an open lead becomes
    dead. The leads of a client are erased with the client.
    """
    return erasure.erase_lead(caller, lead_id)


@api.post("/sales/leads/{lead_id}/merge", permission="sales:write", errors=(LeadMerged, LeadsNotMergeable))
def merge_leads(caller: Caller, lead_id: LeadId, body: MergeInput) -> Lead:
    """Merge another lead into this one.

    The activities of the other lead move to this one, which also gets the fields that it lacks. The other lead is in no
    list any more, and has the id of this one in `merged_into_id`.
    """
    return merging.merge_leads(caller, lead_id, body)


@api.get("/sales/leads/{lead_id}/activities", permission="sales:read")
def list_activities(caller: Caller, lead_id: LeadId, query: PageQuery) -> Page[Activity]:
    """List the activities of a lead, newest first."""
    return activities.list_activities(caller, lead_id, query)


@api.post("/sales/leads/{lead_id}/activities", permission="sales:write", status=201, errors=(LeadMerged,))
def add_activity(caller: Caller, lead_id: LeadId, body: ActivityInput) -> Activity:
    """Add an activity to a lead."""
    return activities.add_activity(caller, lead_id, body)


@api.post(
    "/sales/assignment-rules",
    permission="sales:assign",
    status=201,
    errors=(NotFound, NotStaff, TooManyAssignmentRules),
)
def create_assignment_rule(caller: Caller, body: AssignmentRuleInput) -> AssignmentRule:
    """Create an assignment rule.

    New leads go to the agents in turns, in proportion to their weights. Each agent has one rule.
    """
    return assignment.create_rule(caller, body)


@api.get("/sales/assignment-rules", permission="sales:read")
def list_assignment_rules(caller: Caller) -> AssignmentRules:
    """List all assignment rules.

    Each has the leads that were assigned to the agent automatically, in total and today.
    """
    return assignment.list_rules(caller)


@api.get("/sales/assignment-rules/{assignment_rule_id}", permission="sales:read")
def get_assignment_rule(caller: Caller, assignment_rule_id: AssignmentRuleId) -> AssignmentRule:
    """Get an assignment rule."""
    return assignment.get_rule(caller, assignment_rule_id)


@api.put("/sales/assignment-rules/{assignment_rule_id}", permission="sales:assign", errors=(NotFound, NotStaff))
def update_assignment_rule(
    caller: Caller, assignment_rule_id: AssignmentRuleId, body: PartialUpdate[AssignmentRuleInput], if_match: int | None
) -> AssignmentRule:
    """Update an assignment rule.

    Omitted fields keep their values. Leads that wait for an agent are assigned if one is available now.
    """
    return assignment.update_rule(caller, assignment_rule_id, body, if_match)
