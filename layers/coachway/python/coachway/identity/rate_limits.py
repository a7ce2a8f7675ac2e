"""Rate limits of login, registration, codes, links and public forms: by address, account or recipient.

See `auth.lockout`.
"""

from typing import Final

from coachway.core.auth import attempt_counters
from coachway.core.auth.attempt_counters import RateLimit
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op
from coachway.core.runtime import settings

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE

BY_ADDRESS: Final = {
    "register": RateLimit(10, _HOUR),
    "login": RateLimit(60, 5 * _MINUTE),
    "mfa": RateLimit(60, 5 * _MINUTE),
    "otp-request": RateLimit(20, 10 * _MINUTE),
    "otp-verify": RateLimit(60, 10 * _MINUTE),
    "forgot": RateLimit(20, _HOUR),
    "link": RateLimit(60, 10 * _MINUTE),
    "refresh": RateLimit(240, 5 * _MINUTE),
    "lead": RateLimit(30, _HOUR),
}
BY_ACCOUNT: Final = {
    "register": RateLimit(30, _HOUR),
    "login": RateLimit(120, 5 * _MINUTE),
    "otp-request": RateLimit(5, 10 * _MINUTE),
    "forgot": RateLimit(5, _HOUR),
}
BY_RECIPIENT: Final = {
    "otp-request": RateLimit(10, _HOUR),
    "forgot": RateLimit(10, _HOUR),
}


def count_by_recipient(action: str, address: str) -> None:
    """Count a message to an email address or phone number, from all organizations. Raises RateLimited.

    It is counted even if there is no account, so that the response does not reveal one.
    """
    limit = BY_RECIPIENT[action].times(settings.message_limit_factor())
    attempt_counters.count_attempt(f"{action}:recipient", address, limit)


def count_by_address(action: str, caller: Caller) -> None:
    """Count an attempt of the caller's IP address. Raises RateLimited if there were too many."""
    limit = BY_ADDRESS[action].times(settings.clients_per_ip_address())
    attempt_counters.count_attempt(f"{action}:address", caller.ip or "unknown", limit)


def count_by_account(action: str, account: str) -> None:
    """Count an attempt on an account, even one that does not exist. Raises RateLimited if there were too many."""
    attempt_counters.count_attempt(f"{action}:account", account, BY_ACCOUNT[action])


def login_ops(caller: Caller, account_key: str) -> list[Op]:
    """Return the operations that count a login by IP address and by account. They fail with RateLimited."""
    by_address = BY_ADDRESS["login"].times(settings.clients_per_ip_address())
    return [
        attempt_counters.count_attempt_op("login:address", caller.ip or "unknown", by_address),
        attempt_counters.count_attempt_op("login:account", account_key, BY_ACCOUNT["login"]),
    ]
