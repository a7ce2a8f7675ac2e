"""The form by which a page takes a card. Stripe's own script makes a token of it: no number of a card comes here."""

from __future__ import annotations

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

from coachway.core.schemas import RequestSchema

_SCRIPT: Final = Path(__file__).parents[1] / "templates" / "card.js"
STYLE: Final = (
    "\n.card-element{padding:.7rem .8rem;border:1px solid #74808b;border-radius:.5rem;background:#fff}"
    "\n.card-element input{font:inherit;padding:.35rem;margin:.15rem;border:1px solid #c3ccd4;border-radius:.3rem;"
    "width:auto;max-width:100%}\n#card-form .quiet{margin-top:.6rem}"
    "\n.label{display:block;font-weight:600;margin:0 0 .3rem}\nbutton:disabled{opacity:.6;cursor:wait}"
)


class CardForm(RequestSchema):
    """What the form posts: Stripe's token of the card, the amount that was shown, and what had been paid then."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"payment_method_id": "pm_card_visa", "amount": "181.63", "paid": "0.00"}]}
    )

    payment_method_id: Annotated[str, Field(max_length=110, pattern=r"^(pm_[A-Za-z0-9_]{1,100})?$")] = ""
    amount: Annotated[str, Field(max_length=20, pattern=r"^[0-9]{1,9}(\.[0-9]{2})?$")]
    paid: Annotated[str, Field(max_length=20, pattern=r"^[0-9]{1,9}(\.[0-9]{2})?$")]


def cents(text: str) -> int:
    """Of an amount that a form posted: `181.63`."""
    try:
        return int(Decimal(text) * 100)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no amount") from None


@dataclass(frozen=True, slots=True)
class CardFormContext:
    """All that the template needs. `action` is where the form goes, `otherwise` says how else one can pay."""

    action: str
    label: str
    amount: str
    paid: str
    otherwise: str = ""

    @classmethod
    def of(cls, action: str, label: str, amount: int, paid: int, otherwise: str = "") -> CardFormContext:
        """For an amount, after so much was paid, both in cents."""
        return cls(action, label, f"{amount / 100:.2f}", f"{paid / 100:.2f}", otherwise)

    @property
    def key(self) -> str:
        """The account's publishable key."""
        return os.environ.get("STRIPE_PUBLISHABLE_KEY", "pk_test_coachway")

    @property
    def source(self) -> str:
        """Where Stripe's script is."""
        return os.environ.get("STRIPE_SCRIPT", "https://js.stripe.com/v3/")

    @property
    def script(self) -> str:
        """Ours, which runs after it."""
        return _script()

    @property
    def policy(self) -> str:
        """What a page's Content-Security-Policy must let in besides."""
        whole = urlsplit(self.source)
        origin = f"{whole.scheme}://{whole.netloc}"
        digest = base64.b64encode(hashlib.sha256(_script().encode()).digest()).decode()
        return (
            f"script-src 'sha256-{digest}' {origin}; connect-src {origin} https://api.stripe.com; "
            f"frame-src {origin} https://hooks.stripe.com"
        )


@cache
def _script() -> str:
    return _SCRIPT.read_text()
