"""Search entries: one item per term of a record, which the store writes in the transaction of the record."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final

from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.types.personal import Personal
from coachway.core.types.search_text import MAX_TITLE, SearchText

SEARCH = AccessPattern(
    "records by the beginning of a word, number, email address or phone number, newest first",
    pk="ORG#{org}#SEARCH#{initial}",
    sk="{term}#{newest}#{kind}",
)

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_INVERTED: Final = str.maketrans(_ALPHABET, _ALPHABET[::-1])


class SearchEntry(Record):
    """One term of a record, with all its terms, so that a query with several words needs one read."""

    KIND: ClassVar[str] = "search_entry"

    org_id: str
    term: Annotated[str, Personal()]
    record_kind: str
    record_id: str
    record_pk: str
    record_sk: str
    title: Annotated[str, Personal()]
    subtitle: Annotated[str, Personal()] = ""
    client_id: str | None = None
    indexed_terms: Annotated[list[str], Personal()]
    other_terms: Annotated[list[str], Personal()]

    def key(self) -> Key:
        newest = self.record_id.rpartition("_")[2].translate(_INVERTED)
        return SEARCH.key(
            org=self.org_id, initial=term_initial(self.term), term=self.term, newest=newest, kind=self.record_kind
        )

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"of_kind": self.record_kind}

    @property
    def record_key(self) -> Key:
        """The key of the record."""
        return Key(self.record_pk, self.record_sk)

    @property
    def terms(self) -> list[str]:
        """All terms of the record."""
        return self.indexed_terms + self.other_terms


def term_initial(term: str) -> str:
    """Return the beginning of a term that is in the partition key. Those of long numbers begin with a mark."""
    return term[: 2 if term.startswith("~") else 1]


def list_entry_changes(
    before: Record | None, after: Record | None, *, rewrite: bool
) -> tuple[list[Key], list[SearchEntry]]:
    """Return the keys of the entries to delete and the entries to write when a record changes; with `rewrite`, all."""
    old_text, new_text = _find_text(before), _find_text(after)
    if old_text == new_text and not rewrite:
        return [], []
    old = build_entries(before, old_text) if before is not None else {}
    new = build_entries(after, new_text) if after is not None else {}
    written = [entry for key, entry in new.items() if rewrite or entry != old.get(key)]
    return [key for key in old if key not in new], written


def _find_text(record: Record | None) -> SearchText | None:
    if record is None or getattr(record, "deleted_at", None) is not None:
        return None
    return record.search_text()


def build_entries(record: Record, text: SearchText | None) -> dict[Key, SearchEntry]:
    """Return the search entries of a record with this text, by their keys."""
    if text is None:
        return {}
    # Imported late: most requests write no entries.
    from coachway.core.persistence import search_terms

    terms = search_terms.index_terms(text)
    key, record_id = record.key(), str(getattr(record, "id", ""))
    fields: dict[str, Any] = {
        "org_id": str(getattr(record, "org_id", "")),
        "record_kind": record.KIND,
        "record_id": record_id,
        "record_pk": key.pk,
        "record_sk": key.sk,
        "title": _shorten(text.title),
        "subtitle": _shorten(text.subtitle),
        "client_id": text.client_id,
        "indexed_terms": list(terms.indexed),
        "other_terms": list(terms.others),
    }
    entries = (SearchEntry.model_construct(version=0, term=term, **fields) for term in terms.indexed)
    return {entry.key(): entry for entry in entries}


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_TITLE else text[: MAX_TITLE - 1] + "…"
