"""The tax exemption of a client. Here, because both clients and pricing need it."""

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from coachway.core.schemas import RequestSchema
from coachway.core.types.datetimes import Day
from coachway.core.types.personal import ERASED, Personal
from coachway.core.types.text import ReferenceText

State = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), Field(examples=["NY"])]
"""The two letters of a US state."""


class TaxExemption(RequestSchema):
    """The certificate that exempts a client from tax. It must be valid through the last day of a trip."""

    certificate_number: Annotated[ReferenceText, Personal(blank=ERASED), Field(examples=["EX-204417"])]
    expires_on: Annotated[Day | None, Field(description="Last day. Null if the certificate does not expire.")] = None
    state: Annotated[State | None, Field(description="The state that issued it. Shown on quotes and invoices.")] = None

    def is_valid_on(self, day: date) -> bool:
        """Whether the certificate has not expired on this day."""
        return self.expires_on is None or day <= self.expires_on

    @property
    def label(self) -> str:
        """What the client reads instead of a tax: `Tax exempt, NY certificate EX-204417`."""
        return f"Tax exempt, {f'{self.state} ' if self.state else ''}certificate {self.certificate_number}"
