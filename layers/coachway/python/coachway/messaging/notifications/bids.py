"""Messages about requests for bids, bids and awards."""

from typing import Any, Final

from coachway.contracts.bids import (
    AwardReleased,
    BidAccepted,
    BiddingDecisionNeeded,
    BiddingEndedWithoutAward,
    BiddingInvited,
    BidRejected,
)
from coachway.messaging.message_rule import MessageContext, MessageRule, Recipient, organization_email

BID_LINK: Final = "bid"
"""The purpose of the signed link in an invitation to bid."""


def _get_vendor_recipient(
    event: BiddingInvited | BidAccepted | AwardReleased | BidRejected, _context: MessageContext
) -> Recipient:
    return Recipient(event.vendor_email, event.vendor_name)


RULES: Final[tuple[MessageRule[Any], ...]] = (
    MessageRule(
        event=BiddingInvited,
        template="bid-invitation",
        recipient=_get_vendor_recipient,
        values=lambda event, context: {
            "link": context.page_url("bids", BID_LINK, event.invitation_id, event.link_nonce)
        },
        subject_id=lambda event, _context: event.invitation_id,
        send_until=lambda event, _context: event.deadline,
    ),
    organization_email(BiddingDecisionNeeded, "bid-decision"),
    organization_email(BiddingEndedWithoutAward, "no-bids"),
    MessageRule(event=BidAccepted, template="bid-awarded", recipient=_get_vendor_recipient),
    MessageRule(event=AwardReleased, template="bid-called-off", recipient=_get_vendor_recipient),
    MessageRule(event=BidRejected, template="bid-rejected", recipient=_get_vendor_recipient),
)
