"""Messages about proposals: to the client who gets one, and to the salesperson about the answer."""

from typing import Any, Final

from coachway.contracts.proposals import ProposalAccepted, ProposalDeclined, ProposalSent
from coachway.messaging.message_rule import MessageContext, MessageRule, Recipient, salesperson_email

PROPOSAL_LINK: Final = "proposal"
"""The purpose of the signed link to a proposal."""


def _get_client_recipient(event: ProposalSent | ProposalAccepted, _context: MessageContext) -> Recipient:
    return Recipient(event.client_email, event.client_name, event.client_id)


def _page_link(event: ProposalSent | ProposalAccepted, context: MessageContext) -> dict[str, str]:
    return {"link": context.page_url("proposals", PROPOSAL_LINK, context.delivery.aggregate_id, event.link_nonce)}


RULES: Final[tuple[MessageRule[Any], ...]] = (
    MessageRule(
        event=ProposalSent,
        template="proposal-sent",
        recipient=_get_client_recipient,
        values=_page_link,
        send_until=lambda event, _context: event.valid_until,
    ),
    MessageRule(
        event=ProposalAccepted,
        template="proposal-deposits",
        recipient=_get_client_recipient,
        applies=lambda event: event.deposit_due > 0,  # otherwise every trip is booked, and confirmed by itself
        values=_page_link,
    ),
    salesperson_email(ProposalAccepted, "proposal-accepted"),
    salesperson_email(ProposalDeclined, "proposal-declined"),
)
