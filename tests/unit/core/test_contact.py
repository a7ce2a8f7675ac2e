"""Email addresses and phone numbers: one form of each, however it is typed."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from coachway.core.types.contact import (
    Email,
    Phone,
    address_spellings,
    normalize_address,
    normalize_email,
    phone_spellings,
)
from coachway.core.types.stored_values import STORED


def full_width(text: str) -> str:
    """A text as an East Asian keyboard writes it."""
    return "".join(chr(ord(each) + 0xFEE0) if each != " " else each for each in text)


PHONE: TypeAdapter[str] = TypeAdapter(Phone)
EMAIL: TypeAdapter[str] = TypeAdapter(Email)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+442079460958", "+442079460958"),
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("+4402079460958", "+442079460958"),
        ("+49 (0)30/901820", "+4930901820"),
        ("+54 11 15 2345-6789", "+5491123456789"),
        ("+39 06 1234 5678", "+390612345678"),  # the 0 belongs to numbers in Italy
        (full_width("+1 (212) 555-0123"), "+12125550123"),
        ("+١٢١٢٥٥٥٠١٢٣", "+12125550123"),
        ("\u202a+1 (212) 555\u20110123\u202c", "+12125550123"),  # as a phone's address book copies it
        (" +1.212.555.0123 ", "+12125550123"),
    ],
)
def test_phone_is_kept_in_e164(text: str, number: str) -> None:
    assert PHONE.validate_python(text) == number
    assert PHONE.validate_python(number) == number
    assert normalize_address(text) == number
    assert number in address_spellings(text)


@pytest.mark.parametrize(
    "text", ["", "2125550123", "+1", "+12125550123 ext. 5", "+1800FLOWERS", "+1212555012", "tel:+12125550123", "+" * 9]
)
def test_phone_that_is_no_international_number_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="country code"):
        PHONE.validate_python(text)


def test_phone_spellings_include_the_national_prefix_of_stored_numbers() -> None:
    assert phone_spellings("+442079460958") == ("+442079460958", "+4402079460958")
    assert address_spellings("+4402079460958") == {"+442079460958", "+4402079460958"}


@pytest.mark.parametrize(
    ("typed", "same", "stored"),
    [
        ("a@xn--bcher-kva.example", "a@B\u00dcCHER.example", "a@b\u00fccher.example"),
        ("a@bu\u0308cher.example", "a@XN--BCHER-KVA.example", "a@b\u00fccher.example"),
        (f"ana@{full_width('harbor')}\u3002example", "ana@harbor.example", "ana@harbor.example"),
        (" ana@Harbor.EXAMPLE ", "ANA@harbor.example", "ana@harbor.example"),
    ],
)
def test_email_is_found_by_every_spelling(typed: str, same: str, stored: str) -> None:
    assert EMAIL.validate_python(typed) == stored
    assert EMAIL.validate_python(stored) == stored
    assert normalize_email(typed) == normalize_email(same) == normalize_email(stored) == stored


@pytest.mark.parametrize(
    "text", ["re\u0301my@acme.example", "r\u00e9my@b\u00fccher.example", full_width("ana") + "@acme.example"]
)
def test_email_with_mailbox_that_no_email_can_be_sent_to_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="must have only ASCII characters before the @"):
        EMAIL.validate_python(text)
    assert EMAIL.validate_python(text, context=STORED) == text


def test_stored_email_with_mailbox_not_in_ascii_is_found_by_every_spelling() -> None:
    for text in ("re\u0301my@acme.example", "R\u00c9MY@acme.example", "r\u00e9my@acme.example"):
        assert normalize_email(text) == "r\u00e9my@acme.example"


@pytest.mark.parametrize("text", ["xn--@", "é", "a@xn--\u00e9", "\udc80@a.example", "", "@", "é" * 300])
def test_normalize_email_of_another_text_only_folds_its_case(text: str) -> None:
    assert normalize_email(text.upper()) == normalize_email(normalize_email(text)) == text.upper().casefold()


def test_stored_contact_data_is_read_as_it_was_written() -> None:
    assert PHONE.validate_json('"+4402079460958"', context=STORED) == "+4402079460958"
    assert EMAIL.validate_json('"e\u0301@ACME.example"', context=STORED) == "e\u0301@ACME.example"
