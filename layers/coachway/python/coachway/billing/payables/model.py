"""What we owe vendors, how they were paid, and where both lie in the table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue

from coachway.billing.ids import PayableId
from coachway.billing.payables.rules import PayableStatus
from coachway.bookings.charters.model import CharterId
from coachway.contracts.billing.payables import PaidLine
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import BaseSchema, PageQuery, RequestSchema, Text
from coachway.core.types import ids
from coachway.core.types.datetimes import Day, sortable
from coachway.core.types.money import Amount, PositiveAmount
from coachway.vendors.model import VendorId

PayoutId = Annotated[str, Field(pattern=ids.pattern("pyo"))]

PAYABLE = AccessPattern("something owed to a vendor", pk="ORG#{org}#PAYABLE#{id}", sk="HEAD")
BY_MONTH = AccessPattern(
    "what was ever owed to vendors, newest first, by the month it came to be",
    index="gsi1",
    pk="ORG#{org}#PAYABLES#{month}",
    sk="{made}#{id}",
)
OF_VENDOR = AccessPattern(
    "what was ever owed to a vendor, newest first",
    index="gsi2",
    pk="ORG#{org}#PAYABLES_OF#{vendor}",
    sk="{made}#{id}",
)
OWED = AccessPattern(
    "what is owed to vendors and not paid, soonest due first",
    index="gsi3",
    pk="ORG#{org}#PAYABLES_OWED",
    sk="{due}#{id}",
)
FALLING_DUE = AccessPattern(
    "what is owed to vendors by the hour in which it falls due, of all organizations: only the timer reads it",
    index="gsi4",
    pk="PAYABLES_DUE#{hour}",
    sk="{due}#{id}",
)
PAYOUT = AccessPattern("a payment to a vendor", pk="ORG#{org}#PAYOUT#{id}", sk="HEAD")

PAYABLE_EXAMPLE: Final[dict[str, JsonValue]] = {
    "vendor_id": "ven_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "amount": 85.5,
    "due_date": "2027-04-02",
    "description": "Parking at the stadium",
}


class PayMethod(StrEnum):
    """How a vendor is paid."""

    ACH = "ach"
    WIRE = "wire"
    CHECK = "check"
    CASH = "cash"
    OTHER = "other"


class PayableInput(RequestSchema):
    """Something that we owe a vendor besides what it was awarded, which is entered by itself."""

    model_config = ConfigDict(json_schema_extra={"examples": [PAYABLE_EXAMPLE]})

    vendor_id: VendorId
    charter_id: CharterId | None = None
    amount: Annotated[PositiveAmount, Field(gt=0)]
    due_date: Day
    description: Text


class Payable(Entity):
    """Something that we owe a vendor. What it was awarded is due on the day that it was promised."""

    KIND: ClassVar[str] = "payable"

    vendor_id: str
    vendor_name: str
    charter_id: str | None = None
    charter_number: str = ""
    bid_id: Annotated[str | None, Field(description="the bid that was awarded; none if somebody entered it")] = None
    amount: Amount
    currency: str
    due_date: Day
    falls_due_at: Annotated[AwareDatetime, Field(description="the beginning of that day where the organization is")]
    description: str
    status: PayableStatus = PayableStatus.OPEN
    paid_at: AwareDatetime | None = None
    paid_by: str | None = None
    payout_id: str | None = None
    void_reason: str = ""

    def key(self) -> Key:
        return PAYABLE.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        made, due = sortable(self.created_at), sortable(self.falls_due_at)
        found = {
            "gsi1": BY_MONTH.key(org=self.org_id, month=made[:7], made=made, id=self.id),
            "gsi2": OF_VENDOR.key(org=self.org_id, vendor=self.vendor_id, made=made, id=self.id),
        }
        if self.status.is_owed:
            found["gsi3"] = OWED.key(org=self.org_id, due=self.due_date, id=self.id)
        if self.status is PayableStatus.OPEN:
            found["gsi4"] = FALLING_DUE.key(hour=due[:13], due=due, id=self.id)
        return found

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"status": self.status.value, "vendor_id": self.vendor_id}


class PayableQuery(PageQuery):
    """Which payables: of a vendor, in a status; with `due_to` those that are owed, the soonest due first."""

    vendor_id: VendorId | None = None
    status: PayableStatus | None = None
    due_to: Annotated[Day | None, Field(description="only what is owed and due up to this day")] = None


class PayInput(RequestSchema):
    """How a vendor was paid; it is told."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"method": "ach", "reference": "Transfer 4711"}]})

    method: PayMethod
    reference: Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f]*$")] = ""


class PayTogetherInput(PayInput):
    """What is paid together, all or none: each vendor gets one payment for all of its own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"payable_ids": ["pbl_01K3ZV8N6Y3T5G7H9J1M2P4R6S"], "method": "ach", "reference": "Run 12"}]
        }
    )

    payable_ids: Annotated[list[PayableId], Field(min_length=1, max_length=40)]


class VoidPayableInput(RequestSchema):
    """Why something is not owed any more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Entered twice"}]})

    reason: Text


class Payout(Entity):
    """A payment to a vendor, for one thing or for several."""

    KIND: ClassVar[str] = "payout"

    vendor_id: str
    vendor_name: str
    lines: list[PaidLine]
    total: Amount
    currency: str
    method: PayMethod
    reference: str
    paid_on: Day
    paid_by: str

    def key(self) -> Key:
        return PAYOUT.key(org=self.org_id, id=self.id)


class Payouts(BaseSchema):
    """What was paid together: one payment for each vendor."""

    items: list[Payout]
    total: Amount
    currency: str
