"""The exports of the journal, read back and compared with the ledger."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from coachway.billing.ledger import export as ledger_export
from coachway.billing.ledger import journal, movements
from coachway.billing.ledger.accounts import LedgerAccount
from coachway.billing.ledger.export import ACCOUNTS
from coachway.billing.payables import payouts
from coachway.billing.payables import service as payables
from coachway.billing.payables.model import PayableInput, PayInput, PayoutMethod
from coachway.core import store
from coachway.core.runtime import clock
from coachway.identity import organization_queries
from tests.integration.bids import builders as bid_builders
from tests.integration.billing import builders
from tests.integration.billing.builders import MANAGER, SYSTEM, create_completed_charter, send_ok, send_request
from tests.integration.bookings.builders import CLIENT_ID, ORG
from tests.integration.client import Reply
from tests.ledger_balances import sum_by_account

Sums = dict[LedgerAccount, Decimal]
BY_NAME = {name: account for account, (name, _) in ACCOUNTS.items()}


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 10, 17, tzinfo=UTC)):
        builders.set_up_organization()
        bolt = builders.create_client("cli_01K3ZV8N6Y3T5G7H9J1M2P4R6T", name='=HYPERLINK("x") "Bolt" Tours')
        for client_id, amount in ((CLIENT_ID, 226.5), (bolt.id, 726.5)):
            draft = send_ok("POST", "/invoices", {"charter_id": create_completed_charter(client_id=client_id).id})
            send_ok("POST", f"/invoices/{draft['id']}/issue")
            payment = {"amount": amount, "method": "check", "reference": "1042"}
            send_ok("POST", f"/invoices/{draft['id']}/record-payment", payment)
        harbor = organization_queries.get_organization(ORG)
        fee = movements.build_fee_paid(cents=557, currency="USD", memo="Stripe")
        store.commit(SYSTEM, *journal.journal_ops(harbor, fee))
        yield


def export_journal(format_: str, **query: str) -> Reply:
    reply = send_request("GET", "/billing/export", query={"format": format_, **query})
    assert reply.status == 200, reply.text
    return reply


def get_ledger_totals() -> Sums:
    entries = journal.iter_entries(ORG, date(2027, 1, 1), date(2027, 1, 31))
    return {account: Decimal(cents) / 100 for account, cents in sum_by_account(entries).items()}


def sum_lines(lines: Iterator[tuple[LedgerAccount, Decimal]]) -> Sums:
    sums = dict.fromkeys(LedgerAccount, Decimal(0))
    for account, amount in lines:
        sums[account] += amount
    return sums


def test_export_csv_equals_ledger_totals() -> None:
    reply = export_journal("csv")
    assert reply.headers["Content-Disposition"] == 'attachment; filename="journal-harbor-2027-01-01-2027-01-10.csv"'
    rows = list(csv.DictReader(io.StringIO(builders.decode_file(reply))))
    assert tuple(rows[0]) == ledger_export.CSV_COLUMNS
    sums = sum_lines(
        (LedgerAccount(row["account"]), Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)) for row in rows
    )
    assert sums == get_ledger_totals()
    assert sum(sums.values()) == 0
    assert {row["name"][:2] for row in rows} == {"Ac", "'=", ""}


def test_export_iif_balances_each_transaction() -> None:
    lines = [line.split("\t") for line in builders.decode_file(export_journal("iif")).splitlines()]
    header_by_type = {line[0]: line for line in lines if line[0].startswith("!")}
    assert {line[1] for line in lines if line[0] == "ACCNT"} == set(BY_NAME)
    amounts: list[tuple[LedgerAccount, Decimal]] = []
    transaction_sum = Decimal(0)
    for line in lines:
        if line[0] in {"TRNS", "SPL"}:
            row = dict(zip(header_by_type[f"!{line[0]}"], line, strict=True))
            assert row["DATE"] == "01/10/2027"
            amounts.append((BY_NAME[row["ACCNT"]], Decimal(row["AMOUNT"])))
            transaction_sum += Decimal(row["AMOUNT"])
        elif line[0] == "ENDTRNS":
            assert transaction_sum == 0
    assert sum_lines(iter(amounts)) == get_ledger_totals()
    assert len([line for line in lines if line[0] == "TRNS"]) == 5


def test_export_iif_lists_party_line_first_and_names() -> None:
    trip = create_completed_charter()
    builders.record_deposit(trip.id, 20_000)
    draft = send_ok("POST", "/invoices", {"charter_id": trip.id})
    send_ok("POST", f"/invoices/{draft['id']}/issue")
    vendor_id = bid_builders.create_vendor()
    request = PayableInput(vendor_id=vendor_id, amount=10_000, due_date=date(2027, 4, 1), description="Parking")
    payouts.pay_payable(MANAGER, payables.create_payable(MANAGER, request).id, PayInput(method=PayoutMethod.ACH), None)
    lines = [line.split("\t") for line in builders.decode_file(export_journal("iif")).splitlines()]
    assert {line[1] for line in lines if line[0] == "CUST"} == {
        "Acme Events #1M2P4R6S",
        "'=HYPERLINK( x ) Bolt Tours #1M2P4R6T",
    }
    [[_, name]] = [line for line in lines if line[0] == "VEND"]
    party_accounts = {"Accounts Receivable", "Accounts Payable"}
    assert [line for line in lines if line[0] == "SPL" and line[4] in party_accounts] == []
    assert [line[5] for line in lines if line[0] == "TRNS" and line[4] == "Accounts Payable"] == [name, name]


def test_export_iif_keeps_parties_of_one_name_apart() -> None:
    for last_character in "VW":
        client = builders.create_client(
            f"cli_01K3ZV8N6Y3T5G7H9J1M2P4R6{last_character}",
            name="North: Shore",
            email=f"{last_character}@north.example",
        )
        draft = send_ok("POST", "/invoices", {"charter_id": create_completed_charter(client_id=client.id).id})
        send_ok("POST", f"/invoices/{draft['id']}/issue")
    request = PayableInput(
        vendor_id=bid_builders.create_vendor("North: Shore"),
        amount=10_000,
        due_date=date(2027, 4, 1),
        description="=cmd|' /C calc'!A0",
    )
    payables.create_payable(MANAGER, request)
    lines = [line.split("\t") for line in builders.decode_file(export_journal("iif")).splitlines()]
    names = [line[1] for line in lines if line[0] in {"CUST", "VEND"} and line[1].startswith("North")]
    assert names[:2] == ["North Shore #1M2P4R6V", "North Shore #1M2P4R6W"]
    assert len(set(names)) == 3
    assert {line[5] for line in lines if line[0] in {"TRNS", "SPL"} and line[5].startswith("North")} == set(names)
    assert "'=cmd|' /C calc'!A0" in {line[8] for line in lines if line[0] == "TRNS"}


def test_export_qbo_balances_and_names_parties() -> None:
    entries = json.loads(builders.decode_file(export_journal("qbo")))["JournalEntry"]
    amounts: list[tuple[LedgerAccount, Decimal]] = []
    for entry in entries:
        assert len(entry["DocNumber"]) <= 21
        for line in entry["Line"]:
            detail = line["JournalEntryLineDetail"]
            sign = 1 if detail["PostingType"] == "Debit" else -1
            account = LedgerAccount(detail["AccountRef"]["value"])
            if account is LedgerAccount.RECEIVABLE:
                assert detail["Entity"]["Type"] == "Customer"
            amounts.append((account, sign * Decimal(str(line["Amount"]))))
    assert sum_lines(iter(amounts)) == get_ledger_totals()
    assert len({entry["DocNumber"] for entry in entries}) == len(entries) == 5


def test_export_rejects_invalid_range() -> None:
    assert (
        len(builders.decode_file(export_journal("csv", date_from="2026-12-01", date_to="2026-12-31")).splitlines()) == 1
    )
    for query in (
        {"date_from": "2027-01-02", "date_to": "2027-01-01"},
        {"date_from": "2025-01-02", "date_to": "2027-01-01"},
        {"format": "xlsx"},
    ):
        assert send_request("GET", "/billing/export", query=query).status == 422


def test_export_rejects_too_large_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_export, "MAX_EXPORT_BYTES", 100)
    reply = send_request("GET", "/billing/export")
    assert (reply.status, reply.json()["errors"][0]["field"]) == (422, "date_from")
