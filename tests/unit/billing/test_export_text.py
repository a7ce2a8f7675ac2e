"""Cells of exports, and the names of parties in QuickBooks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.billing.ledger.export_text import MAX_QUICKBOOKS_NAME, escape_formula, format_quickbooks_name

names = st.text(st.sampled_from('aB :\t\n"=+-@\uff1dé\u2028'), max_size=90)


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)"),
        *("\uff1d1+1", "\uff0b1+1", "\uff0d1+1", "\uff20SUM(A1)", "\ufe661+1"),
        *("\tx", "\rx", "\nx", "  =1+1", "\u00a0=1+1", "\u200b=1+1", "\x00=1+1", "\ufeff\uff1d1+1"),
        *("-", "-1,2", "-1,234.56.7", "-\u0663"),
    ],
)
def test_escape_formula_quotes_what_a_spreadsheet_runs(text: str) -> None:
    assert escape_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-42", "+42", "-1,234.56", "42.50", "Acme = Bolt", "a-b", "INV-1", "", " x"])
def test_escape_formula_leaves_numbers_and_other_text(text: str) -> None:
    assert escape_formula(text) == text


@given(names)
def test_quickbooks_name_is_accepted_and_safe_whatever_the_name(name: str) -> None:
    result = format_quickbooks_name("cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S", name)
    assert 0 < len(result) <= MAX_QUICKBOOKS_NAME
    assert not set(result) & set(':\t\n"\u2028')
    assert escape_formula(result) == result == result.strip()


@given(names, names)
def test_quickbooks_names_of_two_parties_differ(first: str, second: str) -> None:
    client, vendor = "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S", "ven_01K3ZV8N6Y3T5G7H9J1M2P4R6T"
    assert format_quickbooks_name(client, first).casefold() != format_quickbooks_name(vendor, second).casefold()


def test_quickbooks_name_of_76_characters_keeps_its_beginning() -> None:
    name = format_quickbooks_name("cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S", "Metropolitan Association " * 3)
    assert name == "Metropolitan Association Metrop #1M2P4R6S"
