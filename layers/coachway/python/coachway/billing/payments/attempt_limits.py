"""Limits of charge attempts, and of emails about failed ones.

They prevent that a public payment page is used to test stolen cards, or that a client gets many emails. Only attempts
that are sent to Stripe count: an attempt during another payment is refused before.
"""

from datetime import timedelta
from typing import Final

from coachway.billing.payments.model import Payment
from coachway.core.auth import attempt_counters
from coachway.core.auth.attempt_counters import RateLimit
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op

ATTEMPTS_PER_SUBJECT: Final = 15
"""Per invoice or charter, and so per link, in an hour."""
ATTEMPTS_PER_CLIENT: Final = 40
ATTEMPTS_PER_ORGANIZATION: Final = 600
ATTEMPTS_PER_STAFF_USER: Final = 60
"""Staff have their own limit, so that attempts through a link do not stop them from taking a payment."""
_HOUR: Final = 60 * 60
FAILURE_EMAIL_PERIOD: Final = timedelta(hours=6)
"""The client gets one email per invoice or charter in this time, however many payments fail."""


def charge_attempt_ops(caller: Caller, payment: Payment) -> list[Op]:
    """Return the operations that count an attempt to charge a card. They fail with RateLimited after too many."""
    limits = (
        (
            ("charge:subject", payment.subject_id, ATTEMPTS_PER_SUBJECT),
            ("charge:client", payment.client_id, ATTEMPTS_PER_CLIENT),
            ("charge:organization", payment.org_id, ATTEMPTS_PER_ORGANIZATION),
        )
        if caller.is_external
        else (("charge:staff", f"{payment.org_id}:{caller.user_id}", ATTEMPTS_PER_STAFF_USER),)
    )
    return [
        attempt_counters.count_attempt_op(action, subject, RateLimit(limit, _HOUR)) for action, subject, limit in limits
    ]


def failure_email_op(payment: Payment) -> Op:
    """Return the operation that counts an email about a failed payment. It fails with RateLimited after the first."""
    limit = RateLimit(1, int(FAILURE_EMAIL_PERIOD.total_seconds()))
    return attempt_counters.count_attempt_op("payment-failed-email", payment.subject_id, limit)
