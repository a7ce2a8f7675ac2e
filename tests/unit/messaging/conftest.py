"""Settings of the messaging tests, which need no deployment."""

from __future__ import annotations

import pytest

from coachway.core.runtime import settings


@pytest.fixture(autouse=True)
def deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "root_secret", lambda: b"a secret of the tests")
    monkeypatch.setattr(settings, "public_url", lambda: "https://coachway.test/live")
    monkeypatch.setenv("MAIL_FROM", "CoachWay <no-reply@coachway.example>")
