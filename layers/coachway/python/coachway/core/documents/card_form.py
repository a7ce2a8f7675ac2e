"""The card form of payment pages. Stripe's script turns the card into a token, so card numbers never reach us."""

import base64
import hashlib
import os
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field

from coachway.core.documents import card_consent
from coachway.core.schemas import RequestSchema
from coachway.core.types.money import format_units

_SCRIPT: Final = Path(__file__).parents[1] / "templates" / "card.js"
STYLE: Final = (
    "\n.card-element{padding:.7rem .8rem;border:1px solid var(--control);border-radius:.5rem;"
    "color-scheme:light;color:#17212b;background:#fff}"
    "\n.card-element input{font:inherit;padding:.35rem;margin:.15rem;border:1px solid #c3ccd4;border-radius:.3rem;"
    "width:auto;max-width:100%;background:#fff}\n#card-form .quiet{margin-top:.6rem}"
    "\n.label{display:block;font-weight:600;margin:0 0 .3rem}\nbutton:disabled{opacity:.6;cursor:wait}"
)


class CardForm(RequestSchema):
    """The submitted form: Stripe's token of the card, the amount shown, and the amount paid when the form was shown.

    `card_consent` is the version of the consent to later charges. It is empty if the payer has not ticked its box.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"payment_method_id": "pm_card_visa", "amount": "181.63", "paid": "0.00", "card_consent": ""}]
        }
    )

    payment_method_id: Annotated[str, Field(max_length=110, pattern=r"^(pm_[A-Za-z0-9_]{1,100})?$")] = ""
    amount: Annotated[str, Field(max_length=20, pattern=r"^[0-9]{1,9}(\.[0-9]{2})?$")]
    paid: Annotated[str, Field(max_length=20, pattern=r"^[0-9]{1,9}(\.[0-9]{2})?$")]
    card_consent: Annotated[str, Field(max_length=20, pattern=r"^[0-9-]*$")] = ""


def cents(text: str) -> int:
    """Convert an amount of the form, such as `181.63`, to cents. Raises ValueError."""
    try:
        return int(Decimal(text) * 100)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not an amount") from None


@dataclass(frozen=True, slots=True)
class CardFormContext:
    """The values of the template. `action` is the URL of the form, `alternative` the text on other ways to pay."""

    action: str
    label: str
    amount: str
    paid: str
    consent_text: str
    alternative: str = ""
    consent_version: str = card_consent.VERSION

    @classmethod
    def for_amount(
        cls, action: str, label: str, amount: int, paid: int, *, payee: str, alternative: str = ""
    ) -> "CardFormContext":
        """Build the context for an amount to pay to `payee`, with the amount paid so far, both in cents."""
        text = card_consent.consent_text(payee)
        return cls(action, label, format_units(amount), format_units(paid), text, alternative)

    @property
    def publishable_key(self) -> str:
        """The publishable key of the Stripe account."""
        return os.environ.get("STRIPE_PUBLISHABLE_KEY", "pk_test_coachway")

    @property
    def stripe_script_url(self) -> str:
        """The URL of Stripe's script."""
        return os.environ.get("STRIPE_SCRIPT", "https://js.stripe.com/v3/")

    @property
    def script(self) -> str:
        """Our own script, which runs after Stripe's."""
        return _script()

    @property
    def content_policy(self) -> str:
        """The additional directives of the page's Content-Security-Policy."""
        url = urlsplit(self.stripe_script_url)
        origin = f"{url.scheme}://{url.netloc}"
        digest = base64.b64encode(hashlib.sha256(_script().encode()).digest()).decode()
        return (
            f"script-src 'sha256-{digest}' {origin}; connect-src {origin} https://api.stripe.com; "
            f"frame-src {origin} https://hooks.stripe.com"
        )


@cache
def _script() -> str:
    return _SCRIPT.read_text()
