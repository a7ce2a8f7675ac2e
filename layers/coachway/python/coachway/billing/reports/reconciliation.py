"""What a month did to the books, and whether they agree with themselves."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from coachway.billing.invoices import receivables
from coachway.billing.ledger import journal as ledger_journal
from coachway.billing.ledger.accounts import Account
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.persistence.queries import months_between
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.money import Amount
from coachway.identity import organization_queries


class ReconciliationQuery(RequestSchema):
    """Which month."""

    month: Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2027-01"])]


class AccountMonth(BaseSchema):
    """An account in a month. Balances are positive for a debit, negative for a credit."""

    account: Account
    opening: Amount
    debit: Amount
    credit: Amount
    closing: Amount


class Agreement(BaseSchema):
    """What the ledger says of an account today, and what the things themselves add up to."""

    account: Account
    of: Annotated[str, Field(examples=["open invoices"])]
    ledger: Amount
    books: Amount
    difference: Amount


class Reconciliation(BaseSchema):
    """A month of the organization's own calendar. It is sound when all differences are zero."""

    month: str
    currency: str
    accounts: list[AccountMonth]
    total_debit: Amount
    total_credit: Amount
    difference: Annotated[Amount, Field(description="of debits and credits, since the beginning")]
    agreements: Annotated[list[Agreement], Field(description="as of today")]
    is_sound: bool


def month(caller: Caller, query: ReconciliationQuery) -> Reconciliation:
    """The month's account. Raises Invalid for one that has not begun."""
    # Vendors come with it, and their papers, which what is about clients does without.
    from coachway.billing.payables import service as payables

    organization = organization_queries.get(caller.org_id)
    today = ledger_journal.today(organization)
    if query.month > f"{today:%Y-%m}":
        raise errors.Invalid.field("month", f"must not be after {today:%Y-%m}")
    # A day earlier: where the organization is, it may have been the month before.
    span = months_between(
        ledger_journal.midnight(min(ledger_journal.first_day(caller.org_id), _first(query.month))), clock.now()
    )
    known = ledger_journal.totals_by_month(caller.org_id, [*span, *({f"{today:%Y-%m}"} - set(span))])
    accounts, until_now = [], dict[Account, int]()
    for account in Account:
        opening = sum(totals[account].balance for name, totals in known.items() if name < query.month)
        moved = known[query.month][account]
        until_now[account] = sum(totals[account].balance for totals in known.values())
        accounts.append(
            AccountMonth(
                account=account,
                opening=opening,
                debit=moved.debit,
                credit=moved.credit,
                closing=opening + moved.balance,
            )
        )
    owed_to_us = sum(each.balance_due for each in receivables.owed(caller.org_id, today))
    owed_by_us = sum(each.amount for each in payables.owed(caller.org_id))
    agreements = [
        _agreement(Account.RECEIVABLE, "open invoices", until_now, owed_to_us),
        _agreement(Account.PAYABLE, "unpaid payables", until_now, -owed_by_us),
    ]
    difference = sum(until_now.values())
    return Reconciliation(
        month=query.month,
        currency=organization.currency,
        accounts=accounts,
        total_debit=sum(each.debit for each in accounts),
        total_credit=sum(each.credit for each in accounts),
        difference=difference,
        agreements=agreements,
        is_sound=difference == 0 and all(each.difference == 0 for each in agreements),
    )


def _first(month_: str) -> date:
    return date.fromisoformat(f"{month_}-01")


def _agreement(account: Account, of: str, balances: dict[Account, int], books: int) -> Agreement:
    said = balances[account]
    return Agreement(account=account, of=of, ledger=said, books=books, difference=said - books)
