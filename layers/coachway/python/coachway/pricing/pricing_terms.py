"""The terms of an organization by which trips are priced."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from coachway.core.types.vehicle_classes import DEFAULT_SEATS
from coachway.pricing.driving_charges import build_line
from coachway.pricing.quote_model import Line


@dataclass(frozen=True, slots=True)
class PricingTerms:
    """The terms of an organization, and the date of the request in its time zone."""

    currency: str
    requested_on: date
    tax_percent: Decimal = Decimal(0)
    fuel_per_mile: Decimal = Decimal(0)
    """In currency units; can include fractions of a cent."""
    minimum_cents: int = 0
    seats_by_class: Mapping[str, int] = field(default_factory=lambda: DEFAULT_SEATS)
    """The vehicle classes that can be quoted, with the seats of their largest vehicle."""
    minimum_margin_percent: Decimal = Decimal(0)
    tax_exemption_label: str = ""
    """What the client reads instead of the tax. Empty if the client pays tax."""

    @property
    def applied_tax_percent(self) -> Decimal:
        """The tax that the client pays."""
        return Decimal(0) if self.tax_exemption_label else self.tax_percent

    def tax_lines(self, base: int, cents: int | None = None) -> list[Line]:
        """The last step: the tax on the price, or the `cents` of tax that an all-in price contains."""
        share = self.tax_percent / 100
        if base and share and self.tax_exemption_label:
            return [build_line("tax", self.tax_exemption_label, None, 0, base)]
        return [build_line("tax", "Tax", None, share, base, cents)] if base and share else []
