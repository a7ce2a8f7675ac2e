"""Answers of the map service are kept per organization, so that the same address or route is asked for once.

A question is an address or the positions of a route. Its record has a digest of the question as its key, and the answer
is encrypted with a key derived from the question: the table shows an address only to those who know it. So nothing is
left to erase when a client is erased, and the records expire.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from coachway.core import store
from coachway.core.persistence.sealed_text import open_text, seal_text
from coachway.core.runtime import clock
from coachway.places.model import KEPT_ANSWERS, KeptAnswer

RETENTION: Final = timedelta(days=90)
RETENTION_OF_NOTHING: Final = timedelta(days=1)
"""An address that was not found may be known to the service later."""
_FORMAT: Final = "1"
"""Part of every question. Another number makes the answers of an earlier release unknown."""


def find_answers(org_id: str, questions: Sequence[str]) -> dict[str, str]:
    """Return the kept answers of questions. One call per 100 questions."""
    keys = {question: KEPT_ANSWERS.key(org=org_id, digest=_digest(question)) for question in questions}
    kept = store.find_many(KeptAnswer, keys.values())
    return {question: open_text(kept[key].answer, _secret(question)) for question, key in keys.items() if key in kept}


def keep_answers(org_id: str, answers: Mapping[str, str], retention: timedelta = RETENTION) -> None:
    """Keep the answers of questions. One call."""
    expires = clock.epoch() + int(retention.total_seconds())
    store.save_copies(
        [
            KeptAnswer(
                org_id=org_id, digest=_digest(question), answer=seal_text(answer, _secret(question)), expires=expires
            )
            for question, answer in answers.items()
        ]
    )


def _digest(question: str) -> str:
    return hashlib.sha256(b"\0".join((b"digest", _FORMAT.encode(), question.encode()))).hexdigest()


def _secret(question: str) -> bytes:
    return hashlib.sha256(b"\0".join((b"secret", _FORMAT.encode(), question.encode()))).digest()
