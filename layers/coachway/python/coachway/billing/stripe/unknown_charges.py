"""Charges at Stripe that belong to an organization but have no payment, such as those made in Stripe's dashboard."""

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from coachway.core.persistence.queries import query_all
from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.types.datetimes import Day
from coachway.core.types.money import StoredAmount

UNKNOWN_CHARGE = AccessPattern(
    "charges at Stripe without a payment", pk="ORG#{org}#UNKNOWN_CHARGES", sk="CHARGE#{payment_intent}"
)


class UnknownCharge(Record):
    """A successful charge at Stripe without a payment."""

    KIND: ClassVar[str] = "unknown_charge"

    org_id: str
    payment_intent_id: str
    amount: StoredAmount
    currency: str
    found_at: AwareDatetime
    found_on: Annotated[Day, Field(description="Day in the organization's time zone.")]

    def key(self) -> Key:
        return UNKNOWN_CHARGE.key(org=self.org_id, payment_intent=self.payment_intent_id)


def list_unknown_charges(org_id: str, month: str) -> list[UnknownCharge]:
    """List the unknown charges of an organization that were found in a month."""
    # The partition also has the events of these records.
    charges = query_all(UnknownCharge, UNKNOWN_CHARGE.partition(org=org_id), prefix="CHARGE#")
    return [charge for charge in charges if f"{charge.found_on:%Y-%m}" == month]
