"""The journal as other programs read it: QuickBooks Desktop (IIF), QuickBooks Online (journal entries), and CSV.

Each writes every posting of the range once, so that what is read back adds up to the ledger's totals.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from coachway.billing.ledger import journal
from coachway.billing.ledger.accounts import OF_CLIENTS, OF_VENDORS, Account, Posting
from coachway.billing.ledger.journal import Entry
from coachway.clients.model import Client
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.http.response_types import FileResponse
from coachway.core.schemas import RequestSchema
from coachway.core.types.datetimes import Day
from coachway.identity import organization_queries

LARGEST: Final = 4_000_000
"""Bytes of one export: a function answers with 6 MB at most, and these travel in base64."""
_LONGEST: Final = timedelta(days=366)

ACCOUNTS: Final[Mapping[Account, tuple[str, str]]] = {
    Account.RECEIVABLE: ("Accounts Receivable", "AR"),
    Account.CASH: ("Checking", "BANK"),
    Account.DEPOSITS: ("Customer Deposits", "OCLIAB"),
    Account.REVENUE: ("Charter Revenue", "INC"),
    Account.TAX: ("Sales Tax Payable", "OCLIAB"),
    Account.PAYABLE: ("Accounts Payable", "AP"),
    Account.COST: ("Cost of Service", "COGS"),
    Account.REFUNDS: ("Refunds", "INC"),
    Account.FEES: ("Payment Processing Fees", "EXP"),
    Account.DISPUTED: ("Disputed Payments", "OCASSET"),
}
"""What QuickBooks calls our accounts, and of which type they are there."""


CSV_COLUMNS: Final = (
    *("entry_id", "date", "kind", "memo", "account", "debit", "credit", "currency", "name"),
    *("client_id", "vendor_id", "charter_id", "invoice_id"),
)


class Format(StrEnum):
    """What the export is read by: QuickBooks Desktop, QuickBooks Online, or anything that reads CSV."""

    IIF = "iif"
    QBO = "qbo"
    CSV = "csv"


class ExportQuery(RequestSchema):
    """Which days, both included, and for which program."""

    format: Format = Format.CSV
    date_from: Annotated[Day | None, Field(description="left out: the first of the month of date_to")] = None
    date_to: Annotated[Day | None, Field(description="left out: today")] = None


def export(caller: Caller, query: ExportQuery) -> FileResponse:
    """The entries of the range. Raises Invalid for more than a year, or for more than one answer can hold."""
    organization = organization_queries.get(caller.org_id)
    last = query.date_to or journal.today(organization)
    first = query.date_from or last.replace(day=1)
    if last < first:
        raise errors.Invalid.field("date_to", "must not be before date_from")
    if last - first > _LONGEST:
        raise errors.Invalid.field("date_from", "must be within a year of date_to")
    entries = list(journal.in_range(caller.org_id, first, last))
    names = _names(caller.org_id, entries)
    content = WRITERS[query.format](entries, names).encode()
    if len(content) > LARGEST:
        raise errors.Invalid.field("date_from", f"there are {len(entries)} entries: ask for fewer days at once")
    return FileResponse(content, _MEDIA[query.format], _filename(organization.slug, first, last, query.format))


def _filename(slug: str, first: date, last: date, form: Format) -> str:
    ending = "json" if form is Format.QBO else form.value
    return f"journal-{slug}-{first}-{last}.{ending}"


def _names(org_id: str, entries: Iterable[Entry]) -> dict[str, str]:
    """Who clients and vendors are; those removed are called by their ids."""
    # Only exports name vendors: the ledger's other routes do without.
    from coachway.vendors.model import VENDOR, Vendor

    clients = {line.client_id for entry in entries for line in entry.postings if line.client_id}
    vendors = {line.vendor_id for entry in entries for line in entry.postings if line.vendor_id}
    names: dict[str, str] = {}
    for some in _hundreds(sorted(clients)):
        found = store.find_many(Client, [CLIENT.key(org=org_id, id=each) for each in some])
        names |= {client.id: client.name for client in found.values()}
    for some in _hundreds(sorted(vendors)):
        known = store.find_many(Vendor, [VENDOR.key(org=org_id, id=each) for each in some])
        names |= {vendor.id: vendor.business_name for vendor in known.values()}
    return names


def _hundreds(all_: Sequence[str]) -> Iterable[Sequence[str]]:
    return (all_[at : at + 100] for at in range(0, len(all_), 100))


def _party(line: Posting, names: Mapping[str, str]) -> str:
    party = line.vendor_id or line.client_id
    return names.get(party, party) if party else ""


def _amount(cents: int) -> str:
    """`-1234.50`: never by way of a float."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def to_csv(entries: Iterable[Entry], names: Mapping[str, str]) -> str:
    """One row for each posting (RFC 4180), with debit and credit in columns of their own."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(CSV_COLUMNS)
    for entry in entries:
        for line in entry.postings:
            debit, credit = (_amount(line.amount), "") if line.amount > 0 else ("", _amount(-line.amount))
            of = [line.client_id, line.vendor_id, line.charter_id, line.invoice_id]
            name = _unformulaic(_party(line, names))
            what = [entry.id, entry.on, entry.kind, _unformulaic(entry.memo), line.account]
            rows.writerow([*what, debit, credit, entry.currency, name, *(each or "" for each in of)])
    return out.getvalue()


def _unformulaic(words: str) -> str:
    """Text that a spreadsheet does not take for a formula (OWASP, CSV injection)."""
    return f"'{words}" if words.startswith(("=", "+", "-", "@", "\t", "\r")) else words


_IIF_HEAD: Final = (
    "!TRNS\tTRNSID\tTRNSTYPE\tDATE\tACCNT\tNAME\tAMOUNT\tDOCNUM\tMEMO",
    "!SPL\tSPLID\tTRNSTYPE\tDATE\tACCNT\tNAME\tAMOUNT\tDOCNUM\tMEMO",
    "!ENDTRNS",
)


def to_iif(entries: Iterable[Entry], names: Mapping[str, str]) -> str:
    """Intuit Interchange Format: accounts and names, then one general journal transaction for each entry.

    QuickBooks takes a line of clients or vendors only with a name that it knows as one, and lists an entry with them
    only if that line is the first.
    """
    lines = ["!ACCNT\tNAME\tACCNTTYPE", *(f"ACCNT\t{name}\t{kind}" for name, kind in ACCOUNTS.values())]
    for mark, prefix in (("CUST", "cli_"), ("VEND", "ven_")):
        known = sorted({_plain(name) for id_, name in names.items() if id_.startswith(prefix)})
        lines += [f"!{mark}\tNAME", *(f"{mark}\t{name}" for name in known)]
    lines += _IIF_HEAD
    for entry in entries:
        for at, line in enumerate(sorted(entry.postings, key=_of_nobody)):
            mark = "TRNS" if at == 0 else "SPL"
            cells = [
                mark,
                "",
                "GENERAL JOURNAL",
                f"{entry.on:%m/%d/%Y}",
                ACCOUNTS[line.account][0],
                _plain(_party(line, names)),
                _amount(line.amount),
                document_number(entry),
                _plain(entry.memo),
            ]
            lines.append("\t".join(cells))
        lines.append("ENDTRNS")
    return "\r\n".join(lines) + "\r\n"


def _of_nobody(line: Posting) -> bool:
    return line.account not in {Account.RECEIVABLE, Account.PAYABLE}


def _plain(words: str) -> str:
    """Text without what separates cells and lines; IIF has no way to write them."""
    return re.sub(r'[\s"]+', " ", words).strip()


def document_number(entry: Entry) -> str:
    """The end of an entry's id: QuickBooks takes 21 characters, and the beginning is but the time."""
    return entry.id[-16:]


def to_qbo(entries: Iterable[Entry], names: Mapping[str, str]) -> str:
    """JournalEntry objects of the QuickBooks Online Accounting API, each to be posted by itself or in a batch."""
    objects = [_journal_entry(entry, names) for entry in entries]
    return json.dumps({"JournalEntry": objects}, ensure_ascii=False, indent=1)


def _journal_entry(entry: Entry, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "DocNumber": document_number(entry),
        "TxnDate": str(entry.on),
        "PrivateNote": entry.memo,
        "CurrencyRef": {"value": entry.currency},
        "Line": [_qbo_line(at, entry, line, names) for at, line in enumerate(entry.postings)],
    }


def _qbo_line(at: int, entry: Entry, line: Posting, names: Mapping[str, str]) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "PostingType": "Debit" if line.amount > 0 else "Credit",
        "AccountRef": {"value": line.account.value, "name": ACCOUNTS[line.account][0]},
    }
    party = line.vendor_id if line.account in OF_VENDORS else line.client_id
    if party is not None and line.account in OF_CLIENTS | OF_VENDORS:
        kind = "Vendor" if line.account in OF_VENDORS else "Customer"
        detail["Entity"] = {"Type": kind, "EntityRef": {"value": party, "name": names.get(party, party)}}
    return {
        "Id": str(at),
        "Description": entry.memo,
        "Amount": abs(line.amount) / 100,  # cents are exact in a JSON number up to a billion
        "DetailType": "JournalEntryLineDetail",
        "JournalEntryLineDetail": detail,
    }


WRITERS: Final = {Format.CSV: to_csv, Format.IIF: to_iif, Format.QBO: to_qbo}
_MEDIA: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.IIF: "text/plain; charset=utf-8",
    Format.QBO: "application/json",
}
