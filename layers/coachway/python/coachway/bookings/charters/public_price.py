"""The price of a charter as its client sees it: on pages, in the API of the link, and on invoices."""

from decimal import Decimal
from typing import Final

from coachway.bookings.charters.model import Charter
from coachway.pricing.quote_model import Line

TOTAL_ONLY_LABEL: Final = "Charter price"


def list_public_lines(charter: Charter) -> list[Line]:
    """The lines that the client sees; their sum is the total. With `total_only`, one line and the tax."""
    quote = charter.quote
    if charter.price_display == "lines":
        return quote.lines
    price = quote.total - quote.tax
    line = Line(kind="all_in", label=TOTAL_ONLY_LABEL, quantity=Decimal(1), unit_amount=price, amount=price)
    return [line, *(each for each in quote.lines if each.kind == "tax")]


def get_public_discount(charter: Charter) -> int:
    """The discount that the client sees, in cents."""
    return charter.quote.discount if charter.price_display == "lines" else 0
