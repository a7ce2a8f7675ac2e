"""Ids of billing, and what its lists ask for. Invoices, payments and payables have files of their own."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coachway.core import ids

InvoiceId = Annotated[str, Field(pattern=ids.pattern("ivc"))]
PaymentId = Annotated[str, Field(pattern=ids.pattern("pay"))]
RefundId = Annotated[str, Field(pattern=ids.pattern("rfd"))]
PayableId = Annotated[str, Field(pattern=ids.pattern("pbl"))]
EntryId = Annotated[str, Field(pattern=ids.pattern("jrn"))]
