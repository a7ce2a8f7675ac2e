"""Limits of charge attempts, and of emails about failed ones.

They prevent that a public payment page is used to test stolen cards, or that a client gets many emails.
"""

from datetime import timedelta
from typing import Final

from coachway.billing.payments.model import Payment
from coachway.core.auth import attempt_counters
from coachway.core.auth.attempt_counters import RateLimit
from coachway.core.persistence.operations import Op

ATTEMPTS_PER_SUBJECT: Final = 15
"""Per invoice or charter, and so per link, in an hour."""
ATTEMPTS_PER_CLIENT: Final = 40
ATTEMPTS_PER_ORGANIZATION: Final = 600
_HOUR: Final = 60 * 60
FAILURE_EMAIL_PERIOD: Final = timedelta(hours=6)
"""The client gets one email per invoice or charter in this time, however many payments fail."""


def count_charge_attempt(payment: Payment) -> None:
    """Count an attempt to charge a card. Raises RateLimited if there were too many in this hour."""
    for action, subject, limit in (
        ("charge:subject", payment.subject_id, ATTEMPTS_PER_SUBJECT),
        ("charge:client", payment.client_id, ATTEMPTS_PER_CLIENT),
        ("charge:organization", payment.org_id, ATTEMPTS_PER_ORGANIZATION),
    ):
        attempt_counters.count_attempt(action, subject, RateLimit(limit, _HOUR))


def failure_email_op(payment: Payment) -> Op:
    """Return the operation that counts an email about a failed payment. It fails with RateLimited after the first."""
    limit = RateLimit(1, int(FAILURE_EMAIL_PERIOD.total_seconds()))
    return attempt_counters.count_attempt_op("payment-failed-email", payment.subject_id, limit)
