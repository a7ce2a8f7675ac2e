"""How often a way in may be tried, by address and by account. Wrong log-ins also lock the account: see `lockout`."""

from __future__ import annotations

from typing import Final, NamedTuple

from coachway.core.auth import rate_limit
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op
from coachway.core.runtime import settings


class _Limit(NamedTuple):
    most: int
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


def by_address(what: str, caller: Caller) -> None:
    """Raises RateLimited when the caller's address has tried this too often."""
    limit = BY_ADDRESS[what]
    most = limit.most * settings.clients_per_address()
    rate_limit.consume_rate_limit(f"{what}:address", caller.ip or "unknown", most=most, seconds=limit.seconds)


def by_account(what: str, who: str) -> None:
    """Raises RateLimited when this was tried too often for one account, whether or not there is one."""
    limit = BY_ACCOUNT[what]
    rate_limit.consume_rate_limit(f"{what}:account", who, most=limit.most, seconds=limit.seconds)


def log_in_ops(caller: Caller, lockout_key: str) -> list[Op]:
    """The operations that count a log-in by address and by account; they fail with RateLimited past the limits."""
    address, account = BY_ADDRESS["login"], BY_ACCOUNT["login"]
    most = address.most * settings.clients_per_address()
    return [
        rate_limit.consume_op("login:address", caller.ip or "unknown", most=most, seconds=address.seconds),
        rate_limit.consume_op("login:account", lockout_key, most=account.most, seconds=account.seconds),
    ]
