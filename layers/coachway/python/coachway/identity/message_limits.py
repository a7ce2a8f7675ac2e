"""Bounds of the messages that users cause, so that nobody floods an address, with their own words and in our name.

A request that would exceed a bound returns 429 and changes nothing. `messaging.delivery` bounds all other messages.
Payments by card are bounded by link; logins, codes and password resets by address and account (`rate_limits`).
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from coachway.core.auth import rate_limit
from coachway.core.errors import RateLimited
from coachway.core.persistence.operations import Op
from coachway.core.runtime import settings
from coachway.core.types.contact import normalize_address
from coachway.identity.model.organization import Organization

Kind = Literal["invitation", "quote", "bid-invitation", "confirmation"]


class MessageLimit(NamedTuple):
    """A number of messages in a time window."""

    messages: int
    seconds: int


_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR

TO_ONE_ADDRESS: Final[Mapping[Kind, MessageLimit]] = {
    "invitation": MessageLimit(5, _HOUR),
    "quote": MessageLimit(20, _HOUR),
    "confirmation": MessageLimit(3, _HOUR),
}
"""Messages of a kind to one address, from all organizations together."""
BY_ORGANIZATION: Final[Mapping[Kind, MessageLimit]] = {
    "invitation": MessageLimit(100, _HOUR),
    "quote": MessageLimit(500, _HOUR),
    "bid-invitation": MessageLimit(2000, _DAY),
    "confirmation": MessageLimit(10, _HOUR),
}
"""Messages of a kind from one organization."""
UNTIL_CONFIRMED: Final = MessageLimit(5, _DAY)
"""Invitations and quotes together from an organization whose admin has not confirmed their email address."""
DELIVERED_TO_ONE_ADDRESS: Final = MessageLimit(100, _HOUR)
"""Messages of every kind from one organization to one address outside."""
DELIVERED_UNTIL_CONFIRMED: Final = MessageLimit(20, _DAY)
"""Messages of every kind from an organization that is not confirmed. Codes and password resets do not count."""
UNCOUNTED_TEMPLATES: Final = frozenset({"confirm-email", "one-time-code", "password-changed", "password-reset"})

_CONFIRM_FIRST: Final = (
    "Until an admin of the organization confirms their email address, it can send {} messages a day. Request the link"
    " with POST /auth/email/confirmation, or try again tomorrow."
)


def message_ops(organization: Organization, kind: Kind, address: str | None) -> list[Op]:
    """Return the operations that count a message of a request. They fail the transaction with RateLimited."""
    if not address:
        return []
    ops = [
        _count_op(f"{kind}:recipient", normalize_address(address), TO_ONE_ADDRESS[kind]),
        _count_op(f"{kind}:organization", organization.org_id, BY_ORGANIZATION[kind]),
    ]
    if not organization.is_confirmed and kind != "confirmation":
        detail = _CONFIRM_FIRST.format(UNTIL_CONFIRMED.messages)
        ops.append(_count_op("message:unconfirmed", organization.org_id, UNTIL_CONFIRMED, detail))
    return ops


def exceeded_reason(organization: Organization, kind: Kind) -> str | None:
    """Count a message that a workflow sends. Return why it must not be sent, or None."""
    try:
        _consume(f"{kind}:organization", organization.org_id, BY_ORGANIZATION[kind])
        if not organization.is_confirmed:
            detail = _CONFIRM_FIRST.format(UNTIL_CONFIRMED.messages)
            _consume("message:unconfirmed", organization.org_id, UNTIL_CONFIRMED, detail)
    except RateLimited as error:
        return error.detail
    return None


def delivery_exceeded_reason(organization: Organization, template: str, address: str) -> str | None:
    """Count a message that is about to be delivered. Return why it must not be delivered, or None."""
    if template in UNCOUNTED_TEMPLATES or address == organization.branding.email:
        return None
    try:
        _consume("delivery:recipient", f"{organization.org_id}/{address}", DELIVERED_TO_ONE_ADDRESS)
        if not organization.is_confirmed:
            detail = _CONFIRM_FIRST.format(DELIVERED_UNTIL_CONFIRMED.messages)
            _consume("delivery:unconfirmed", organization.org_id, DELIVERED_UNTIL_CONFIRMED, detail)
    except RateLimited as error:
        return error.detail
    return None


def _count_op(action: str, subject: str, limit: MessageLimit, detail: str = "") -> Op:
    messages = limit.messages * settings.message_limit_factor()
    return rate_limit.consume_op(
        action, subject, limit=messages, seconds=limit.seconds, detail=detail or _build_detail(limit)
    )


def _consume(action: str, subject: str, limit: MessageLimit, detail: str = "") -> None:
    messages = limit.messages * settings.message_limit_factor()
    rate_limit.consume_rate_limit(
        action, subject, limit=messages, seconds=limit.seconds, detail=detail or _build_detail(limit)
    )


def _build_detail(limit: MessageLimit) -> str:
    period = "an hour" if limit.seconds == _HOUR else "a day"
    return f"Too many messages: at most {limit.messages} of this kind are sent in {period}. Nothing was sent."
