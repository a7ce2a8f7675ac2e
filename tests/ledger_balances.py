"""Balances of accounts and clients, computed from the postings of a ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from coachway.billing.ledger.accounts import CLIENT_ACCOUNTS, LedgerAccount, Posting


class HasPostings(Protocol):
    """A movement or a journal entry."""

    postings: list[Posting]


def sum_by_account(movements: Iterable[HasPostings]) -> dict[LedgerAccount, int]:
    """Return the balance of each account, in cents."""
    sums: dict[LedgerAccount, int] = dict.fromkeys(LedgerAccount, 0)
    for movement in movements:
        for posting in movement.postings:
            sums[posting.account] += posting.amount
    return sums


def sum_by_client(movements: Iterable[HasPostings]) -> Mapping[str, int]:
    """Return the balance of each client, in cents: receivables less deposits. Negative when we owe the client."""
    sums: dict[str, int] = {}
    for movement in movements:
        for posting in movement.postings:
            if posting.account in CLIENT_ACCOUNTS and posting.client_id is not None:
                sums[posting.client_id] = sums.get(posting.client_id, 0) + posting.amount
    return sums
