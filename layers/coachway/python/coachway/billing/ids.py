"""Types of the IDs of invoices, payments, refunds and payables."""

from typing import Annotated

from pydantic import Field

from coachway.core.types import ids

InvoiceId = Annotated[str, Field(pattern=ids.pattern("ivc"))]
PaymentId = Annotated[str, Field(pattern=ids.pattern("pay"))]
RefundId = Annotated[str, Field(pattern=ids.pattern("rfd"))]
PayableId = Annotated[str, Field(pattern=ids.pattern("pbl"))]
