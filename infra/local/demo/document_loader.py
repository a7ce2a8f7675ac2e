"""Compliance documents: submitted by staff, approved by a manager."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from infra.local.demo.scenario import Json
from infra.local.demo.users import UserClients

VALIDITY: Final = timedelta(days=400)
_AGE: Final = timedelta(days=200)
_SHORT_VALIDITY: Final = timedelta(days=9)


@dataclass
class DocumentLoader:
    """The documents of an organization; adds those that are missing."""

    clients: UserClients
    today: date
    existing: dict[tuple[str, str], Json] = field(init=False)

    def __post_init__(self) -> None:
        documents = self.clients.client("staff").list_all("/compliance")
        self.existing = {(_subject_id(document), document["document_type"]): document for document in documents}

    def ensure_approved(
        self, subject: Json, types: tuple[str, ...], *, expiring: str = "", **extra_fields: Json
    ) -> None:
        """Submit and approve documents of these types; the type `expiring` is valid for a few more days only."""
        for document in self.ensure_submitted(subject, types, expiring=expiring, **extra_fields):
            if document["status"] == "pending":
                review = {"status": "approved", "review_notes": "Seen"}
                self.clients.client("manager").put(f"/compliance/{document['id']}", review)

    def ensure_submitted(
        self, subject: Json, types: tuple[str, ...], *, expiring: str = "", **extra_fields: Json
    ) -> list[Json]:
        """Submit the documents of these types that are missing; returns all of them."""
        return [
            self.existing.get((_subject_id(subject), document_type))
            or self._submit(subject, document_type, expiring == document_type, extra_fields)
            for document_type in types
        ]

    def _submit(self, subject: Json, document_type: str, is_expiring: bool, extra_fields: Mapping[str, Json]) -> Json:
        body = {
            **subject,
            "document_type": document_type,
            "document_name": document_type.replace("_", " ").capitalize(),
            "issue_date": (self.today - _AGE).isoformat(),
            "expiration_date": (self.today + (_SHORT_VALIDITY if is_expiring else VALIDITY)).isoformat(),
            **extra_fields.get(document_type, {}),
        }
        idempotency_subject = f"{_subject_id(subject)}/{document_type}"
        document: Json = self.clients.client("staff").post("/compliance", body, idempotency_subject)
        return document


def _subject_id(subject: Json) -> str:
    return str(subject.get("driver_id") or subject.get("vehicle_id") or subject.get("vendor_id") or "organization")
