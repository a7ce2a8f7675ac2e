"""Text messages, through Twilio."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from aws_lambda_powertools.utilities.parameters.secrets import SecretsProvider
from requests.exceptions import RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from coachway.core import errors
from coachway.messaging.channels.base import Refused

_TWILIO: Final = "https://api.twilio.com"
_SECONDS: Final = 8
_LOOKED_AT: Final = 20
"""How many of the newest messages to a number are compared with one that may have been taken."""
_OF_THE_ACCOUNT: Final = frozenset({20003, 20404, 21606, 21660})
"""Refusals that are about our account or number: the message may go out once that is put right."""


class _At:
    """Twilio's own HTTP client at another address: the library knows only its own."""

    is_async = False

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")
        self._client = TwilioHttpClient(timeout=_SECONDS)

    def request(self, method: str, url: str, *rest: Any, **more: Any) -> Any:
        return self._client.request(method, url.replace(_TWILIO, self._base, 1), *rest, **more)


@cache
def _client() -> Client:
    account: Any = SecretsProvider().get(os.environ["TWILIO_SECRET_ARN"], transform="json")
    base = os.environ.get("TWILIO_API_BASE", _TWILIO)
    return Client(account["account_sid"], account["auth_token"], http_client=_At(base))


def send_sms(text: str, *, to: str) -> str:
    """Hand a text message to Twilio; returns Twilio's id.

    Raises Refused when it can never go out, UpstreamUnavailable when it may later, or when Twilio did not say: ask
    `found` first.
    """
    try:
        return str(_client().messages.create(to=to, from_=os.environ["SMS_FROM"], body=text).sid)
    except TwilioRestException as failure:
        if failure.status == 400 and failure.code not in _OF_THE_ACCOUNT:
            raise Refused(f"the telephone service refused it ({failure.code})") from failure
        raise errors.UpstreamUnavailable(f"the telephone service answered {failure.status}") from failure
    except (TwilioException, RequestException) as failure:
        raise errors.UpstreamUnavailable(
            f"the telephone service did not answer ({type(failure).__name__})"
        ) from failure


def find_sent(text: str, *, to: str, since: datetime) -> str | None:
    """Twilio's id of this very message if it took it since, although we never heard so. Raises UpstreamUnavailable."""
    try:
        newest = _client().messages.list(to=to, limit=_LOOKED_AT)
    except (TwilioException, RequestException) as failure:
        raise errors.UpstreamUnavailable(
            f"the telephone service did not answer ({type(failure).__name__})"
        ) from failure
    # Twilio's times are whole seconds of its own clock.
    earliest = since - timedelta(minutes=1)
    taken = (each for each in newest if each.body == text and (each.date_created or since) >= earliest)
    return next((str(each.sid) for each in taken), None)
