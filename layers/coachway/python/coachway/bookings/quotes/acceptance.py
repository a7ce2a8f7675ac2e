"""The operations that accept a quote: by its own link, or as a part of a proposal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coachway.bookings import instalments, payment_schedule
from coachway.bookings.charters import lifecycle
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.rules import CharterChanged
from coachway.clients.model import Client
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op, Update
from coachway.core.runtime import clock
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.pricing import quote_acceptance
from coachway.pricing.quote_model import Quote


@dataclass(frozen=True, slots=True)
class AcceptedQuote:
    """The accepted charter and the operations that accept it.

    It is booked unless a deposit is due (`deposit_due`, in cents): then paying it books the charter.
    """

    charter: Charter
    deposit_due: int
    ops: Sequence[Op]


def accept_quote_ops(
    caller: Caller,
    charter: Charter,
    accepted_by: str,
    records: store.BatchResult,
    *,
    pay_by: datetime | None = None,
    proposal: str = "",
) -> AcceptedQuote:
    """Accept a quote. `records` are the client, the organization, the quote and its link.

    A deposit can be paid until `pay_by`, by default as long as the quote was valid. `proposal` is the number of the
    proposal with which it is accepted.

    Raises QuoteNotBookable or ClientRemoved. The transaction fails with CharterChanged, PromoCodeUsedUp or
    CreditLimitExceeded.
    """
    client_key, quote_key = lifecycle.client_and_quote_keys(charter)
    client = lifecycle.require_client(records.find(Client, client_key))
    organization = records.get(Organization, ORGANIZATIONS.key(org=charter.org_id))
    parts = payment_schedule.list_instalments(charter, client, organization)
    deposit_due = max(0, instalments.sum_due_to_book(parts) - charter.amount_paid)
    if deposit_due == 0:
        booked, ops = lifecycle.booking_ops(
            caller, charter, accepted_by, records=records, proposal=proposal, instalments=parts
        )
        return AcceptedQuote(booked, 0, ops)
    lifecycle.require_bookable(charter)
    changes: dict[str, Any] = {"accepted_by": accepted_by, "accepted_at": clock.now(), "instalments": parts}
    if pay_by is not None:
        changes["quote_expires_at"] = pay_by
    accepted = charter.model_copy(update=changes)
    event = lifecycle.quote_accepted_event(
        accepted, client, accepted_by, by_client=True, deposit_due=deposit_due, proposal=proposal
    )
    quote_ops = quote_acceptance.acceptance_ops(caller, records.get(Quote, quote_key))
    return AcceptedQuote(
        accepted, deposit_due, [Update(charter, accepted, [event], on_stale=CharterChanged()), *quote_ops]
    )
