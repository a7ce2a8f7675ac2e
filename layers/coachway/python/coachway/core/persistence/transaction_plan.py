"""The items of one DynamoDB transaction, and what it means if the condition of an item fails."""

from dataclasses import dataclass, field
from typing import Any, Final

from coachway.core.persistence.responses.idempotency import IdempotencyRecord
from coachway.core.runtime import settings

Meaning = Exception | IdempotencyRecord | None

_ORDER: Final = ("checks", "deletes", "puts", "updates")
"""The order in which PynamoDB sends the four lists, and therefore that of the cancellation reasons."""


@dataclass(slots=True)
class TransactionPlan:
    """The four lists of a transaction, and what a failed condition of each item means, in the same order."""

    checks: list[dict[str, Any]] = field(default_factory=list)
    deletes: list[dict[str, Any]] = field(default_factory=list)
    puts: list[dict[str, Any]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    response: str | None = None
    """The response that it stores for an Idempotency-Key."""
    _failure_meanings: dict[str, list[Meaning]] = field(default_factory=lambda: {n: [] for n in _ORDER})

    @property
    def failure_meanings(self) -> list[Meaning]:
        return [meaning for name in _ORDER for meaning in self._failure_meanings[name]]

    def add(self, name: str, request: dict[str, Any], meaning: Meaning) -> None:
        getattr(self, name).append({"TableName": settings.table_name(), **request})
        self._failure_meanings[name].append(meaning)
