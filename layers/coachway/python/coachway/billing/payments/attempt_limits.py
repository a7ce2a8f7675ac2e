"""Limits of charge attempts, and of emails about failed ones.

They prevent that a public payment page is used to test stolen cards, or that a client gets many emails.
"""

from datetime import timedelta
from typing import Final

from coachway.billing.payments.model import Payment
from coachway.core.auth import rate_limit
from coachway.core.auth.rate_limit import RateLimit
from coachway.core.persistence.operations import Op

ATTEMPTS_PER_SUBJECT: Final = 15
"""Per invoice or charter, and so per link, in an hour."""
ATTEMPTS_PER_CLIENT: Final = 40
ATTEMPTS_PER_ORGANIZATION: Final = 600
_HOUR: Final = 60 * 60
FAILURE_EMAIL_PERIOD: Final = timedelta(hours=6)
"""The client gets one email per invoice or charter in this time, however many payments fail."""


def consume_attempt(payment: Payment) -> None:
    """Count an attempt to charge a card. Raises RateLimited if there were too many in this hour."""
    for action, subject, limit in (
        ("charge:subject", payment.subject_id, ATTEMPTS_PER_SUBJECT),
        ("charge:client", payment.client_id, ATTEMPTS_PER_CLIENT),
        ("charge:organization", payment.org_id, ATTEMPTS_PER_ORGANIZATION),
    ):
        rate_limit.consume_rate_limit(action, subject, RateLimit(limit, _HOUR))


def failure_email_op(payment: Payment) -> Op:
    """Return the operation that counts an email about a failed payment. It fails with RateLimited after the first."""
    limit = RateLimit(1, int(FAILURE_EMAIL_PERIOD.total_seconds()))
    return rate_limit.consume_op("payment-failed-email", payment.subject_id, limit)
