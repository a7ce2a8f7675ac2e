"""Text messages by Twilio."""

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
from coachway.messaging.channels.base import MessageRejected

_TWILIO: Final = "https://api.twilio.com"
_TIMEOUT_SECONDS: Final = 8
_MAX_COMPARED_MESSAGES: Final = 20
"""Number of the newest messages to a number that are searched for a message."""
_ACCOUNT_ERROR_CODES: Final = frozenset({20003, 20404, 21606, 21660})
"""Error codes about the account or sender number. The message can be sent after that is corrected."""


class _RedirectedHttpClient:
    """Twilio's HTTP client with a configurable address, which the library does not support."""

    is_async = False

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")
        self._client = TwilioHttpClient(timeout=_TIMEOUT_SECONDS)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return self._client.request(method, url.replace(_TWILIO, self._base, 1), *args, **kwargs)


@cache
def _get_twilio_client() -> Client:
    account: Any = SecretsProvider().get(os.environ["TWILIO_SECRET_ARN"], transform="json")
    base = os.environ.get("TWILIO_API_BASE", _TWILIO)
    return Client(account["account_sid"], account["auth_token"], http_client=_RedirectedHttpClient(base))


def send_sms(text: str, *, to: str) -> str:
    """Send a text message by Twilio, and return Twilio's id.

    Raises MessageRejected if the message can never be sent, UpstreamUnavailable if it may be sent later. After a
    timeout, Twilio may have accepted the message: call `find_accepted_sms` before sending it again.
    """
    try:
        return str(_get_twilio_client().messages.create(to=to, from_=os.environ["SMS_FROM"], body=text).sid)
    except TwilioRestException as error:
        if error.status == 400 and error.code not in _ACCOUNT_ERROR_CODES:
            raise MessageRejected(f"The SMS service rejected the message ({error.code}).") from error
        raise errors.UpstreamUnavailable(f"The SMS service returned {error.status}.") from error
    except (TwilioException, RequestException) as error:
        raise errors.UpstreamUnavailable(f"The SMS service did not respond ({type(error).__name__}).") from error


def find_accepted_sms(text: str, *, to: str, since: datetime) -> str | None:
    """Find the id of a message that Twilio accepted although it did not respond. Raises UpstreamUnavailable."""
    try:
        newest = _get_twilio_client().messages.list(to=to, limit=_MAX_COMPARED_MESSAGES)
    except (TwilioException, RequestException) as error:
        raise errors.UpstreamUnavailable(f"The SMS service did not respond ({type(error).__name__}).") from error
    # Twilio's clock can differ, and its times are in seconds.
    earliest = since - timedelta(minutes=1)
    matches = (each for each in newest if each.body == text and (each.date_created or since) >= earliest)
    return next((str(each.sid) for each in matches), None)
