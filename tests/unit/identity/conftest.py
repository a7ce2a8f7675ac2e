"""A root secret for the tests of digests and encryption."""

from __future__ import annotations

import pytest

from coachway.core.runtime import settings


@pytest.fixture(autouse=True)
def _root_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "root_secret", lambda: b"root secret of the tests")
