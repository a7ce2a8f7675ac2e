"""Messages about leads: to the agent who gets one, and to the organization if nobody does."""

from typing import Any, Final

from coachway.contracts.sales import LeadAssigned, LeadUnassigned
from coachway.messaging.message_rule import MessageContext, MessageRule, Recipient, organization_email


def _get_agent_recipient(event: LeadAssigned, _context: MessageContext) -> Recipient:
    return Recipient(event.agent_email, event.agent_name)


RULES: Final[tuple[MessageRule[Any], ...]] = (
    MessageRule(event=LeadAssigned, template="lead-assigned", recipient=_get_agent_recipient),
    organization_email(LeadUnassigned, "lead-unassigned"),
)
