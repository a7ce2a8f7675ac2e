"""Rate limits of login, registration, codes and links, by IP address and by account. See also `auth.lockout`."""

from typing import Final, NamedTuple

from coachway.core.auth import rate_limit
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op
from coachway.core.runtime import settings


class _Limit(NamedTuple):
    attempts: int
    seconds: int


_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE

BY_ADDRESS: Final = {
    "register": _Limit(10, _HOUR),
    "login": _Limit(60, 5 * _MINUTE),
    "mfa": _Limit(60, 5 * _MINUTE),
    "otp-request": _Limit(20, 10 * _MINUTE),
    "otp-verify": _Limit(60, 10 * _MINUTE),
    "forgot": _Limit(20, _HOUR),
    "link": _Limit(60, 10 * _MINUTE),
    "refresh": _Limit(240, 5 * _MINUTE),
}
BY_ACCOUNT: Final = {
    "register": _Limit(30, _HOUR),
    "login": _Limit(120, 5 * _MINUTE),
    "otp-request": _Limit(5, 10 * _MINUTE),
    "forgot": _Limit(5, _HOUR),
}
BY_RECIPIENT: Final = {
    "otp-request": _Limit(10, _HOUR),
    "forgot": _Limit(10, _HOUR),
}


def consume_by_recipient(action: str, address: str) -> None:
    """Count a message to an email address or phone number, from all organizations. Raises RateLimited.

    It is counted even if there is no account, so that the response does not reveal one.
    """
    limit = BY_RECIPIENT[action]
    attempts = limit.attempts * settings.message_limit_factor()
    rate_limit.consume_rate_limit(f"{action}:recipient", address, limit=attempts, seconds=limit.seconds)


def consume_by_address(action: str, caller: Caller) -> None:
    """Count an attempt of the caller's IP address. Raises RateLimited if there were too many."""
    limit = BY_ADDRESS[action]
    attempts = limit.attempts * settings.clients_per_ip_address()
    rate_limit.consume_rate_limit(f"{action}:address", caller.ip or "unknown", limit=attempts, seconds=limit.seconds)


def consume_by_account(action: str, account: str) -> None:
    """Count an attempt on an account, even one that does not exist. Raises RateLimited if there were too many."""
    limit = BY_ACCOUNT[action]
    rate_limit.consume_rate_limit(f"{action}:account", account, limit=limit.attempts, seconds=limit.seconds)


def login_ops(caller: Caller, account_key: str) -> list[Op]:
    """Return the operations that count a login by IP address and by account. They fail with RateLimited."""
    address, account = BY_ADDRESS["login"], BY_ACCOUNT["login"]
    attempts = address.attempts * settings.clients_per_ip_address()
    return [
        rate_limit.consume_op("login:address", caller.ip or "unknown", limit=attempts, seconds=address.seconds),
        rate_limit.consume_op("login:account", account_key, limit=account.attempts, seconds=account.seconds),
    ]
