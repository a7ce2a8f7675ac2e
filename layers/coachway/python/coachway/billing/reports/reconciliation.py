"""The monthly reconciliation report: account totals, and the ledger compared with open invoices and payables."""

from datetime import date
from typing import Annotated

from pydantic import Field

from coachway.billing.invoices import receivables
from coachway.billing.ledger import journal
from coachway.billing.ledger.accounts import LedgerAccount
from coachway.billing.stripe.unknown_charges import list_unknown_charges
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.persistence.queries import months_between
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.datetimes import Day
from coachway.core.types.money import ApiAmount
from coachway.identity import organization_queries


class ReconciliationQuery(RequestSchema):
    """The month of the report."""

    month: Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2027-01"])]


class AccountMonth(BaseSchema):
    """An account in a month. Balances are positive for a debit, negative for a credit."""

    account: LedgerAccount
    opening: ApiAmount
    debit: ApiAmount
    credit: ApiAmount
    closing: ApiAmount


class BalanceComparison(BaseSchema):
    """The ledger balance of an account today, compared with the sum of its open records."""

    account: LedgerAccount
    record_type: Annotated[str, Field(description="The records that are compared.", examples=["open invoices"])]
    ledger_balance: ApiAmount
    records_total: Annotated[ApiAmount, Field(description="The sum of the records.")]
    difference: ApiAmount


class UnknownChargeLine(BaseSchema):
    """A charge at Stripe for which no payment was recorded. Refund it at Stripe, or record it as a payment."""

    payment_intent_id: str
    amount: ApiAmount
    currency: str
    found_on: Day


class Reconciliation(BaseSchema):
    """The report of a month in the organization's time zone.

    `is_balanced` is true when all differences are zero and no unknown charge was found in the month.
    """

    month: str
    currency: str
    accounts: list[AccountMonth]
    total_debit: ApiAmount
    total_credit: ApiAmount
    difference: Annotated[
        ApiAmount, Field(description="Difference of all debits and credits since the organization was created.")
    ]
    comparisons: Annotated[list[BalanceComparison], Field(description="Comparisons as of today.")]
    unknown_charges: Annotated[
        list[UnknownChargeLine], Field(description="Charges at Stripe without a payment that were found in the month.")
    ]
    is_balanced: bool


def reconcile_month(caller: Caller, query: ReconciliationQuery) -> Reconciliation:
    """Build the reconciliation report of a month. Raises Invalid for a future month."""
    # Imported here because payables import the vendors package, which the other routes do not need.
    from coachway.billing.payables import service as payables

    organization = organization_queries.get_organization(caller.org_id)
    today = journal.local_date(organization)
    if query.month > f"{today:%Y-%m}":
        raise errors.Invalid.field("month", f"must not be after {today:%Y-%m}")
    # From one day earlier, because the local month of the organization can be the month before.
    months = months_between(
        journal.get_day_start(min(journal.first_day(caller.org_id), _first_day(query.month))), clock.now()
    )
    totals_by_month = journal.load_monthly_totals(caller.org_id, [*months, *({f"{today:%Y-%m}"} - set(months))])
    accounts, balances = [], dict[LedgerAccount, int]()
    for account in LedgerAccount:
        opening = sum(totals[account].balance for month, totals in totals_by_month.items() if month < query.month)
        current = totals_by_month[query.month][account]
        balances[account] = sum(totals[account].balance for totals in totals_by_month.values())
        accounts.append(
            AccountMonth(
                account=account,
                opening=opening,
                debit=current.debit,
                credit=current.credit,
                closing=opening + current.balance,
            )
        )
    receivable = sum(invoice.balance_due for invoice in receivables.list_receivables(organization, today))
    payable = sum(payable.amount for payable in payables.list_open_payables(caller.org_id))
    comparisons = [
        _compare(LedgerAccount.RECEIVABLE, "open invoices", balances, receivable),
        _compare(LedgerAccount.PAYABLE, "unpaid payables", balances, -payable),
    ]
    unknown_charges = [
        UnknownChargeLine(**charge.model_dump(include=set(UnknownChargeLine.model_fields)))
        for charge in list_unknown_charges(caller.org_id, query.month)
    ]
    difference = sum(balances.values())
    return Reconciliation(
        month=query.month,
        currency=organization.currency,
        accounts=accounts,
        total_debit=sum(account.debit for account in accounts),
        total_credit=sum(account.credit for account in accounts),
        difference=difference,
        comparisons=comparisons,
        unknown_charges=unknown_charges,
        is_balanced=difference == 0
        and all(comparison.difference == 0 for comparison in comparisons)
        and not unknown_charges,
    )


def _first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def _compare(
    account: LedgerAccount, record_type: str, balances: dict[LedgerAccount, int], records_total: int
) -> BalanceComparison:
    balance = balances[account]
    return BalanceComparison(
        account=account,
        record_type=record_type,
        ledger_balance=balance,
        records_total=records_total,
        difference=balance - records_total,
    )
