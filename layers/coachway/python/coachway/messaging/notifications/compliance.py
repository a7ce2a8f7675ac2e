"""Messages about compliance documents that expire."""

from typing import Any, Final

from coachway.contracts.compliance import DocumentExpired, DocumentExpiring
from coachway.messaging.message_rule import MessageContext, MessageRule, Recipient


def _document_owner(event: DocumentExpiring | DocumentExpired, context: MessageContext) -> Recipient:
    """Return the vendor, driver or owner of the vehicle; the organization if there is no address."""
    return Recipient(event.subject_email, event.subject_name) if event.subject_email else context.organization


RULES: Final[tuple[MessageRule[Any], ...]] = (
    MessageRule(event=DocumentExpiring, template="document-expiring", recipient=_document_owner),
    MessageRule(
        event=DocumentExpired,
        template="document-expired",
        recipient=_document_owner,
        applies=lambda event: not event.renewed,
    ),
)
