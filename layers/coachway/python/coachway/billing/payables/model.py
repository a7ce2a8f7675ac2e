"""Payables and payouts to vendors: records, access patterns, requests and queries."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue

from coachway.billing.ids import PayableId
from coachway.billing.payables.rules import PayableStatus
from coachway.bookings.charters.model import CharterId
from coachway.contracts.billing.payables import PaidLine
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import BaseSchema, PageQuery, RequestSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import Day, sortable, sortable_hour
from coachway.core.types.money import ApiAmount, NonNegativeApiAmount, StoredAmount
from coachway.core.types.personal import Personal
from coachway.core.types.text import LINE, Text
from coachway.vendors.model import VendorId

PayoutId = Annotated[str, Field(pattern=ids.pattern("pyo"))]

PAYABLE = AccessPattern("a payable", pk="ORG#{org}#PAYABLE#{id}", sk="HEAD")
BY_MONTH = AccessPattern(
    "payables by the month they were created, newest first",
    index="gsi1",
    pk="ORG#{org}#PAYABLES#{month}",
    sk="{made}#{id}",
)
OF_VENDOR = AccessPattern(
    "payables of a vendor, newest first",
    index="gsi2",
    pk="ORG#{org}#PAYABLES_OF#{vendor}",
    sk="{made}#{id}",
)
OWED = AccessPattern(
    "unpaid payables, earliest due date first",
    index="gsi3",
    pk="ORG#{org}#PAYABLES_OWED",
    sk="{due}#{id}",
)
FALLING_DUE = AccessPattern(
    "payables of all organizations by the hour in which they become due, for the timer",
    index="gsi4",
    pk="PAYABLES_DUE#{hour}",
    sk="{due}#{id}",
)
PAYOUT = AccessPattern("a payout to a vendor", pk="ORG#{org}#PAYOUT#{id}", sk="HEAD")

PAYABLE_EXAMPLE: Final[dict[str, JsonValue]] = {
    "vendor_id": "ven_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    "amount": 85.5,
    "due_date": "2027-04-02",
    "description": "Parking at the stadium",
}


class PayoutMethod(StrEnum):
    """How a vendor is paid."""

    ACH = "ach"
    WIRE = "wire"
    CHECK = "check"
    CASH = "cash"
    OTHER = "other"


class PayableInput(RequestSchema):
    """A payable to create. The payables of awarded bids are created automatically."""

    model_config = ConfigDict(json_schema_extra={"examples": [PAYABLE_EXAMPLE]})

    vendor_id: VendorId
    charter_id: CharterId | None = None
    amount: Annotated[NonNegativeApiAmount, Field(gt=0)]
    due_date: Day
    description: Text


class Payable(Entity):
    """An amount owed to a vendor. The payable of an awarded bid is due on the bid's payout date."""

    KIND: ClassVar[str] = "payable"
    INTERNAL_FIELDS: ClassVar[frozenset[str]] = frozenset({"void_reason"})

    vendor_id: str
    vendor_name: Annotated[str, Personal("vendor")]
    charter_id: str | None = None
    charter_number: str = ""
    bid_id: Annotated[str | None, Field(description="The awarded bid. Null for a payable created by a user.")] = None
    amount: StoredAmount
    currency: str
    due_date: Day
    falls_due_at: Annotated[AwareDatetime, Field(description="Start of the due date in the organization's time zone.")]
    description: Annotated[str, Personal("vendor")]
    status: PayableStatus = PayableStatus.OPEN
    paid_at: AwareDatetime | None = None
    paid_by: str | None = None
    payout_id: str | None = None
    void_reason: Annotated[str, Personal("vendor")] = ""

    def key(self) -> Key:
        return PAYABLE.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        created = sortable(self.created_at)
        keys = {
            "gsi1": BY_MONTH.key(org=self.org_id, month=created[:7], made=created, id=self.id),
            "gsi2": OF_VENDOR.key(org=self.org_id, vendor=self.vendor_id, made=created, id=self.id),
        }
        if self.status.is_owed:
            keys["gsi3"] = OWED.key(org=self.org_id, due=self.due_date, id=self.id)
        if self.status is PayableStatus.OPEN:
            hour, due = sortable_hour(self.falls_due_at), sortable(self.falls_due_at)
            keys["gsi4"] = FALLING_DUE.key(hour=hour, due=due, id=self.id)
        return keys

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"status": self.status.value, "vendor_id": self.vendor_id}


class PayableQuery(PageQuery):
    """Filters of the list of payables. With `due_to`: unpaid ones, earliest due date first."""

    vendor_id: VendorId | None = None
    status: PayableStatus | None = None
    due_to: Annotated[Day | None, Field(description="Only unpaid payables that are due on or before this date.")] = None


class PayInput(RequestSchema):
    """How a vendor was paid. The remittance email says so too."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"method": "ach", "reference": "Transfer 4711"}]})

    method: PayoutMethod
    reference: Annotated[str, Field(max_length=100), LINE] = ""


class PayoutInput(PayInput):
    """Payables to pay together, all or none. Each vendor gets one payout."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"payable_ids": ["pbl_01K3ZV8N6Y3T5G7H9J1M2P4R6S"], "method": "ach", "reference": "Run 12"}]
        }
    )

    payable_ids: Annotated[list[PayableId], Field(min_length=1, max_length=40)]


class VoidPayableInput(RequestSchema):
    """Why a payable is voided."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Entered twice"}]})

    reason: Text


class Payout(Entity):
    """A payment to a vendor for one or several payables."""

    KIND: ClassVar[str] = "payout"

    vendor_id: str
    vendor_name: Annotated[str, Personal("vendor")]
    lines: list[PaidLine]
    total: StoredAmount
    currency: str
    method: PayoutMethod
    reference: Annotated[str, Personal("vendor")]
    paid_on: Day
    paid_by: str

    def key(self) -> Key:
        return PAYOUT.key(org=self.org_id, id=self.id)


class PayoutBatch(BaseSchema):
    """Payouts that were recorded together, one per vendor."""

    items: list[Payout]
    total: ApiAmount
    currency: str
