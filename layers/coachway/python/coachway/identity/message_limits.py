"""Limits of the messages that users cause, so that nobody can use an organization to send many messages to an address.

A request that would exceed a limit returns 429 and changes nothing. All messages are also counted when they are
delivered (`messaging.delivery`). Logins, codes and password resets have their own limits (`rate_limits`), as have card
payments.
"""

from collections.abc import Mapping
from typing import Final, Literal

from coachway.core.auth import attempt_counters
from coachway.core.auth.attempt_counters import RateLimit
from coachway.core.errors import RateLimited
from coachway.core.persistence.operations import Op
from coachway.core.runtime import settings
from coachway.core.types.contact import normalize_address
from coachway.identity.model.organization import Organization

Kind = Literal["invitation", "quote", "bid-invitation", "confirmation"]


_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR

TO_ONE_ADDRESS: Final[Mapping[Kind, RateLimit]] = {
    "invitation": RateLimit(5, _HOUR),
    "quote": RateLimit(20, _HOUR),
    "confirmation": RateLimit(3, _HOUR),
}
"""Messages of a kind to one address, from all organizations together."""
BY_ORGANIZATION: Final[Mapping[Kind, RateLimit]] = {
    "invitation": RateLimit(100, _HOUR),
    "quote": RateLimit(500, _HOUR),
    "bid-invitation": RateLimit(2000, _DAY),
    "confirmation": RateLimit(10, _HOUR),
}
"""Messages of a kind from one organization."""
UNTIL_CONFIRMED: Final = RateLimit(5, _DAY)
"""Invitations and quotes together from an organization whose admin has not confirmed their email address."""
DELIVERED_TO_ONE_ADDRESS: Final = RateLimit(100, _HOUR)
"""Messages of every kind from one organization to one address. Those to the organization itself do not count."""
DELIVERED_UNTIL_CONFIRMED: Final = RateLimit(20, _DAY)
"""Messages of every kind from an organization that is not confirmed. Codes and password resets do not count."""
UNCOUNTED_TEMPLATES: Final = frozenset({"confirm-email", "one-time-code", "password-changed", "password-reset"})
"""Messages to users about their own account."""

_CONFIRM_FIRST: Final = (
    "Until an admin of the organization confirms their email address, it can send {} messages a day. Request the link"
    " with POST /auth/email/confirmation, or try again tomorrow."
)


def message_ops(organization: Organization, kind: Kind, address: str | None, *copies: str) -> list[Op]:
    """Return the operations that count a message of a request. They fail the transaction with RateLimited.

    `copies` are the addresses of others who receive it. Each counts like a message of its own.
    """
    if not address:
        return []
    addresses = {normalize_address(each) for each in (address, *copies)}
    ops = [_count_op(f"{kind}:recipient", each, TO_ONE_ADDRESS[kind]) for each in sorted(addresses)]
    number = len(addresses)
    ops.append(_count_op(f"{kind}:organization", organization.org_id, BY_ORGANIZATION[kind], number=number))
    if not organization.is_confirmed and kind != "confirmation":
        detail = _CONFIRM_FIRST.format(UNTIL_CONFIRMED.attempts)
        ops.append(_count_op("message:unconfirmed", organization.org_id, UNTIL_CONFIRMED, detail, number=number))
    return ops


def count_message(organization: Organization, kind: Kind) -> str | None:
    """Count a message that a workflow sends. Return why it must not be sent, or None."""
    try:
        _count(f"{kind}:organization", organization.org_id, BY_ORGANIZATION[kind])
        if not organization.is_confirmed:
            detail = _CONFIRM_FIRST.format(UNTIL_CONFIRMED.attempts)
            _count("message:unconfirmed", organization.org_id, UNTIL_CONFIRMED, detail)
    except RateLimited as error:
        return error.detail
    return None


def count_delivery(organization: Organization, template: str, address: str, *, is_to_organization: bool) -> str | None:
    """Count a message that is about to be delivered. Return why it must not be delivered, or None.

    Messages to the organization itself count until it is confirmed, because its address may be that of a stranger.
    """
    if template in UNCOUNTED_TEMPLATES or (is_to_organization and organization.is_confirmed):
        return None
    try:
        _count("delivery:recipient", f"{organization.org_id}/{address}", DELIVERED_TO_ONE_ADDRESS)
        if not organization.is_confirmed:
            detail = _CONFIRM_FIRST.format(DELIVERED_UNTIL_CONFIRMED.attempts)
            _count("delivery:unconfirmed", organization.org_id, DELIVERED_UNTIL_CONFIRMED, detail)
    except RateLimited as error:
        return error.detail
    return None


def _count_op(action: str, subject: str, limit: RateLimit, detail: str = "", *, number: int = 1) -> Op:
    increased = limit.times(settings.message_limit_factor())
    return attempt_counters.count_attempt_op(action, subject, increased, detail or _build_detail(limit), number=number)


def _count(action: str, subject: str, limit: RateLimit, detail: str = "") -> None:
    increased = limit.times(settings.message_limit_factor())
    attempt_counters.count_attempt(action, subject, increased, detail or _build_detail(limit))


def _build_detail(limit: RateLimit) -> str:
    period = "an hour" if limit.seconds == _HOUR else "a day"
    return f"Too many messages: at most {limit.attempts} of this kind are sent in {period}. Nothing was sent."
