"""Journal exports for QuickBooks Desktop (IIF), QuickBooks Online (journal entries), and CSV.

Each export contains every posting of the date range once, so its sums equal the ledger's totals.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from coachway.billing.ledger import journal
from coachway.billing.ledger.accounts import CLIENT_ACCOUNTS, VENDOR_ACCOUNTS, LedgerAccount, Posting
from coachway.billing.ledger.export_text import escape_formula, format_quickbooks_name, strip_separators
from coachway.billing.ledger.journal import JournalEntry
from coachway.clients.model import Client
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.http.response_types import FileResponse
from coachway.core.party_reference import VENDOR
from coachway.core.schemas import RequestSchema
from coachway.core.types.datetimes import Day
from coachway.core.types.money import format_units
from coachway.identity import organization_queries

MAX_EXPORT_BYTES: Final = 4_000_000
"""A Lambda response holds at most 6 MB, and the export is sent in base64."""
_MAX_RANGE: Final = timedelta(days=366)

ACCOUNTS: Final[Mapping[LedgerAccount, tuple[str, str]]] = {
    LedgerAccount.RECEIVABLE: ("Accounts Receivable", "AR"),
    LedgerAccount.CASH: ("Checking", "BANK"),
    LedgerAccount.DEPOSITS: ("Customer Deposits", "OCLIAB"),
    LedgerAccount.REVENUE: ("Charter Revenue", "INC"),
    LedgerAccount.TAX: ("Sales Tax Payable", "OCLIAB"),
    LedgerAccount.PAYABLE: ("Accounts Payable", "AP"),
    LedgerAccount.COST: ("Cost of Service", "COGS"),
    LedgerAccount.REFUNDS: ("Refunds", "INC"),
    LedgerAccount.FEES: ("Payment Processing Fees", "EXP"),
    LedgerAccount.DISPUTED: ("Disputed Payments", "OCASSET"),
}
"""The name and type of each account in QuickBooks."""

CSV_COLUMNS: Final = (
    *("entry_id", "date", "kind", "memo", "account", "debit", "credit", "currency", "name"),
    *("client_id", "vendor_id", "charter_id", "invoice_id"),
)


class Format(StrEnum):
    """`iif` for QuickBooks Desktop, `qbo` for QuickBooks Online, `csv` for spreadsheets."""

    IIF = "iif"
    QBO = "qbo"
    CSV = "csv"


class ExportQuery(RequestSchema):
    """The date range, both ends included, and the format."""

    format: Format = Format.CSV
    date_from: Annotated[
        Day | None, Field(description="First day. Defaults to the first day of the month of `date_to`.")
    ] = None
    date_to: Annotated[Day | None, Field(description="Last day. Defaults to today.")] = None


def export_journal(caller: Caller, query: ExportQuery) -> FileResponse:
    """Export the entries of a date range. Raises Invalid for more than a year, or for an export that is too large."""
    organization = organization_queries.get_organization(caller.org_id)
    last = query.date_to or journal.local_date(organization)
    first = query.date_from or last.replace(day=1)
    if last < first:
        raise errors.Invalid.field("date_to", "must not be before date_from")
    if last - first > _MAX_RANGE:
        raise errors.Invalid.field("date_from", "must be within a year of date_to")
    entries = list(journal.iter_entries(caller.org_id, first, last))
    names = _load_names(caller.org_id, entries)
    content = WRITERS[query.format](entries, names).encode()
    if len(content) > MAX_EXPORT_BYTES:
        raise errors.Invalid.field(
            "date_from", f"the range has {len(entries)} entries, which is too many: choose a shorter range", "too_large"
        )
    filename = _build_filename(organization.slug, first, last, query.format)
    return FileResponse(content, _CONTENT_TYPES[query.format], filename)


def _build_filename(slug: str, first: date, last: date, format_: Format) -> str:
    extension = "json" if format_ is Format.QBO else format_.value
    return f"journal-{slug}-{first}-{last}.{extension}"


def _load_names(org_id: str, entries: Iterable[JournalEntry]) -> dict[str, str]:
    """Load the names of clients and vendors by their ids. Deleted ones have none."""
    # Imported here because only exports need vendors: the other routes start faster without them.
    from coachway.vendors.model import Vendor

    client_ids = {line.client_id for entry in entries for line in entry.postings if line.client_id}
    vendor_ids = {line.vendor_id for entry in entries for line in entry.postings if line.vendor_id}
    clients = store.find_many(Client, [CLIENT.key(org=org_id, id=client_id) for client_id in sorted(client_ids)])
    vendors = store.find_many(Vendor, [VENDOR.key(org=org_id, id=vendor_id) for vendor_id in sorted(vendor_ids)])
    return {client.id: client.name for client in clients.values()} | {
        vendor.id: vendor.business_name for vendor in vendors.values()
    }


def _party_id(line: Posting) -> str:
    return line.vendor_id or line.client_id or ""


def _party_name(line: Posting, names: Mapping[str, str]) -> str:
    party = _party_id(line)
    return names.get(party, party)


def to_csv(entries: Iterable[JournalEntry], names: Mapping[str, str]) -> str:
    """Write one row per posting (RFC 4180), with separate columns for debit and credit."""
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(CSV_COLUMNS)
    for entry in entries:
        for line in entry.postings:
            debit, credit = (format_units(line.amount), "") if line.amount > 0 else ("", format_units(-line.amount))
            references = [line.client_id, line.vendor_id, line.charter_id, line.invoice_id]
            name = escape_formula(_party_name(line, names))
            description = [entry.id, entry.entry_date, entry.kind, escape_formula(entry.memo), line.account]
            writer.writerow(
                [*description, debit, credit, entry.currency, name, *(reference or "" for reference in references)]
            )
    return output.getvalue()


_IIF_HEAD: Final = (
    "!TRNS\tTRNSID\tTRNSTYPE\tDATE\tACCNT\tNAME\tAMOUNT\tDOCNUM\tMEMO",
    "!SPL\tSPLID\tTRNSTYPE\tDATE\tACCNT\tNAME\tAMOUNT\tDOCNUM\tMEMO",
    "!ENDTRNS",
)


def to_iif(entries: Sequence[JournalEntry], names: Mapping[str, str]) -> str:
    """Write the Intuit Interchange Format: accounts and names, then one general journal transaction per entry.

    QuickBooks accepts a receivable or payable line only with the name of a known customer or vendor, and lists the
    entry with that party only if the line is the first.
    """
    lines = ["!ACCNT\tNAME\tACCNTTYPE", *(f"ACCNT\t{name}\t{kind}" for name, kind in ACCOUNTS.values())]
    parties = {
        party: format_quickbooks_name(party, names.get(party, ""))
        for party in (_party_id(line) for entry in entries for line in entry.postings)
        if party
    }
    for row_type, prefix in (("CUST", "cli_"), ("VEND", "ven_")):
        party_names = sorted(name for party, name in parties.items() if party.startswith(prefix))
        lines += [f"!{row_type}\tNAME", *(f"{row_type}\t{name}" for name in party_names)]
    lines += _IIF_HEAD
    for entry in entries:
        for position, line in enumerate(sorted(entry.postings, key=_needs_no_party)):
            row_type = "TRNS" if position == 0 else "SPL"
            cells = [
                row_type,
                "",
                "GENERAL JOURNAL",
                f"{entry.entry_date:%m/%d/%Y}",
                ACCOUNTS[line.account][0],
                parties.get(_party_id(line), ""),
                format_units(line.amount),
                document_number(entry),
                escape_formula(strip_separators(entry.memo)),
            ]
            lines.append("\t".join(cells))
        lines.append("ENDTRNS")
    return "\r\n".join(lines) + "\r\n"


def _needs_no_party(line: Posting) -> bool:
    return line.account not in {LedgerAccount.RECEIVABLE, LedgerAccount.PAYABLE}


def document_number(entry: JournalEntry) -> str:
    """Return the last 16 characters of an entry's id: QuickBooks takes at most 21, and an id begins with its time."""
    return entry.id[-16:]


def to_qbo(entries: Iterable[JournalEntry], names: Mapping[str, str]) -> str:
    """Write JournalEntry objects of the QuickBooks Online Accounting API, to be posted singly or in a batch."""
    objects = [_qbo_entry(entry, names) for entry in entries]
    return json.dumps({"JournalEntry": objects}, ensure_ascii=False, indent=1)


def _qbo_entry(entry: JournalEntry, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "DocNumber": document_number(entry),
        "TxnDate": str(entry.entry_date),
        "PrivateNote": entry.memo,
        "CurrencyRef": {"value": entry.currency},
        "Line": [_qbo_line(position, entry, posting, names) for position, posting in enumerate(entry.postings)],
    }


def _qbo_line(position: int, entry: JournalEntry, line: Posting, names: Mapping[str, str]) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "PostingType": "Debit" if line.amount > 0 else "Credit",
        "AccountRef": {"value": line.account.value, "name": ACCOUNTS[line.account][0]},
    }
    party_id = line.vendor_id if line.account in VENDOR_ACCOUNTS else line.client_id
    if party_id is not None and line.account in CLIENT_ACCOUNTS | VENDOR_ACCOUNTS:
        kind = "Vendor" if line.account in VENDOR_ACCOUNTS else "Customer"
        detail["Entity"] = {"Type": kind, "EntityRef": {"value": party_id, "name": names.get(party_id, party_id)}}
    return {
        "Id": str(position),
        "Description": entry.memo,
        "Amount": abs(line.amount) / 100,  # exact in a JSON number up to a billion
        "DetailType": "JournalEntryLineDetail",
        "JournalEntryLineDetail": detail,
    }


WRITERS: Final = {Format.CSV: to_csv, Format.IIF: to_iif, Format.QBO: to_qbo}
_CONTENT_TYPES: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.IIF: "text/plain; charset=utf-8",
    Format.QBO: "application/json",
}
