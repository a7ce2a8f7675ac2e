"""Ids of billing. Invoices, payments, refunds and payables have files of their own."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coachway.core.types import ids

InvoiceId = Annotated[str, Field(pattern=ids.pattern("ivc"))]
PaymentId = Annotated[str, Field(pattern=ids.pattern("pay"))]
RefundId = Annotated[str, Field(pattern=ids.pattern("rfd"))]
PayableId = Annotated[str, Field(pattern=ids.pattern("pbl"))]
