"""The rules of searching: which words of a record are indexed, and which words a query has. Pure: no clock, no I/O.

A *term* is a word in its search form: without case, accents and leading zeros. Numbers of seven or more digits, such
as phone numbers, are kept in reverse, because people know their end: `~9910555212`. The *indexed* terms have entries.
The form of stored terms must not change without a new `DataVersion`: see decision 0053.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from coachway.core.types.personal import ERASED
from coachway.core.types.search_text import SearchText

MAX_TERMS: Final = 40
_MAX_TERM_LENGTH: Final = 40
_MAX_QUERY_TERMS: Final = 10
_LONG_NUMBER: Final = 7
"""Digits from which a number is found by its end."""
_MAX_SUFFIXES: Final = 5

_LETTERS: Final = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\u0131": "i",
        "ħ": "h",
        "ŧ": "t",
        "ŋ": "n",
    }
)
"""Letters that Unicode does not decompose to a basic letter and an accent."""
_APOSTROPHES: Final = re.compile("['\u2019\u2018\u02bc`]")
_INITIALS: Final = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_ASCII_WORD: Final = re.compile(r"[a-z0-9]+")
_WITHOUT_SPACES: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
"""Characters of Chinese and Japanese, which have no spaces between words."""
_EMAIL: Final = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]*")
_DOMAIN: Final = re.compile(r"(?<!\S)@(\S+)\.\w*")
_PHONE: Final = re.compile(r"(?<![\w@-])\+?\(?\d[\d\s().\-/]*\d(?![\w@])")
_DOCUMENT_NUMBER: Final = re.compile(r"20\d\d[- ]\d{4,6}")
"""The end of a document's number, such as `2026-000123`, which is no phone number."""
_MAIL_PROVIDERS: Final = frozenset(
    ("aol", "gmail", "gmx", "googlemail", "hotmail", "icloud", "live", "mail", "me", "msn", "outlook", "qq", "yahoo")
)
_REVERSED: Final = "~"


@dataclass(frozen=True, slots=True)
class IndexedTerms:
    """The terms of a record: those with a search entry, and others that only narrow the results of a query."""

    indexed: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """The terms of a query. The results of `key`, the most selective, are read; they must have the others too."""

    key: str
    terms: tuple[str, ...]
    complete: frozenset[str] = frozenset()
    """Terms that were typed in full: short numbers with leading zeros. Others can be the beginnings of words."""

    def matches(self, terms: Collection[str]) -> bool:
        """Return whether a record with these terms is found."""
        return all(
            each in terms if each in self.complete else any(term.startswith(each) for term in terms)
            for each in self.terms
        )

    def is_exact(self, terms: Collection[str]) -> bool:
        """Return whether a record has the words themselves, and not only words that begin with them."""
        return all(each in terms for each in self.terms)


def fold(text: str) -> str:
    """Return a text without case, accents, apostrophes and invisible characters, with Latin digits."""
    if text.isascii():
        return text.lower().replace("'", "").replace("`", "")
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_LETTERS)
    kept = (
        str(unicodedata.decimal(each)) if each.isdecimal() else each
        for each in decomposed
        if not unicodedata.combining(each) and unicodedata.category(each) != "Cf"
    )
    return _APOSTROPHES.sub("", unicodedata.normalize("NFC", "".join(kept)))


def split_terms(text: str) -> list[str]:
    """Return the terms of a text, in order."""
    return [_to_term(word) for word in _split_words(fold(text))]


def index_terms(text: SearchText) -> IndexedTerms:
    """Return the terms of a record. The first `max_entries` get search entries: numbers, then names, then addresses."""
    numbers, number_parts = _number_terms(text.numbers)
    emails = [_to_email(email) for email in _present(text.emails)]
    digits = (re.sub(r"\D", "", fold(phone)).lstrip("0") for phone in _present(text.phones))
    codes, code_parts = _code_terms(text.codes)
    names = [term for name in _present(text.names) for term in split_terms(name)]
    places = [term for address in _present(text.addresses) for term in split_terms(address)]
    indexed = [
        *numbers,
        *emails,
        *(_to_term(each) for each in digits if each),
        *codes,
        *names,
        *(term for email in emails for term in _email_words(email)),
        *(term for term in places if _is_telling(term)),
        *(suffix for name in names for suffix in _suffixes(name)),
    ]
    indexed = [term for term in dict.fromkeys(indexed) if term]
    email_parts = (term for email in emails for term in split_terms(email))
    others = (*indexed[text.max_entries :], *number_parts, *code_parts, *email_parts, *places)
    indexed = indexed[: text.max_entries]
    rest = [each for each in dict.fromkeys(others) if each not in indexed]
    return IndexedTerms(tuple(indexed), tuple(rest[: MAX_TERMS - len(indexed)]))


def parse_query(text: str) -> SearchQuery | None:
    """Return the terms of a query, or None if it has no letter or digit."""
    rest = fold(text)
    emails = [each.rstrip(".") for each in _EMAIL.findall(rest)]
    rest = _DOMAIN.sub(r" \1 ", _EMAIL.sub(" ", rest))
    phones = list[str]()

    def take_phone(match: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", match[0]).lstrip("0")
        if len(digits) < _LONG_NUMBER or _DOCUMENT_NUMBER.fullmatch(match[0]):
            return match[0]
        phones.append(_to_term(digits))
        return " "

    typed = _split_words(_PHONE.sub(take_phone, rest))
    words = [_to_term(word) for word in typed]
    complete = frozenset(_to_term(word) for word in typed if word[0] == "0" and word.isdecimal())
    terms = tuple(dict.fromkeys([*(email[:_MAX_TERM_LENGTH] for email in emails), *phones, *words]))[:_MAX_QUERY_TERMS]
    return SearchQuery(_choose_key(terms), terms, complete) if terms else None


def _present(texts: Iterable[str | None]) -> Iterator[str]:
    return (text for text in texts if text and text != ERASED)


def _number_terms(numbers: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the last terms of document numbers, and the terms before them, which many numbers share."""
    last, others = list[str](), list[str]()
    for number in _present(numbers):
        *parts, end = split_terms(number) or [""]
        others += parts
        (last if end.isdecimal() else others).append(end)
    return last, [each for each in others if each]


def _code_terms(codes: Iterable[str | None]) -> tuple[list[str], list[str]]:
    """Return each code as one term and its parts with a digit, and the other parts, such as `NJ` of `NJ 12-345`."""
    telling, others = list[str](), list[str]()
    for words in (_split_words(fold(code)) for code in _present(codes)):
        telling.append(_to_term("".join(words)))
        for word in words:
            (telling if any(each.isdecimal() for each in word) else others).append(_to_term(word))
    return telling, others


def _is_telling(term: str) -> bool:
    """Return whether a word of an address gets an entry: not if it has one or two letters, as in `St` and `NY`."""
    return len(term) > 2 or term.isdecimal() or not term.isascii()


def _split_words(folded: str) -> list[str]:
    joined = _INITIALS.sub(lambda initials: initials[0].replace(".", "") + " ", folded)
    if joined.isascii():
        return _ASCII_WORD.findall(joined)
    # Marks are parts of words: in Hindi and Thai they are vowels.
    return "".join(each if unicodedata.category(each)[0] in "LNM" else " " for each in joined).split()


def _to_term(word: str) -> str:
    if word.isascii() and word.isdecimal():
        digits = word.lstrip("0") or "0"
        word = _REVERSED + digits[::-1] if len(digits) >= _LONG_NUMBER else digits
    return word[:_MAX_TERM_LENGTH]


def _to_email(email: str) -> str:
    return fold(email)[:_MAX_TERM_LENGTH]


def _email_words(email: str) -> list[str]:
    """Return the words of an address by which it is found besides its beginning, without those that many have."""
    local, _, domain = email.partition("@")
    labels = domain.split(".")[:-1]
    names = [term for label in labels[-1:] if label not in _MAIL_PROVIDERS for term in split_terms(label)]
    return [*split_terms(local)[1:], *names]


def _suffixes(term: str) -> list[str]:
    """Return the ends of a term of a script without spaces, so that a given name is found too."""
    if term.isascii() or not _WITHOUT_SPACES.search(term):
        return []
    return [term[start:] for start in range(1, min(len(term), _MAX_SUFFIXES + 1))]


def _choose_key(terms: Sequence[str]) -> str:
    """Return the term that probably fewest records have: an email address, a number, else the longest."""
    for is_selective in (_is_email, _is_long_number):
        if chosen := next(filter(is_selective, terms), None):
            return chosen
    numbers = [term for term in terms if term.isascii() and term.isdecimal()]
    return numbers[-1] if numbers else max(terms, key=len)


def _is_email(term: str) -> bool:
    return "@" in term


def _is_long_number(term: str) -> bool:
    return term.startswith(_REVERSED)
