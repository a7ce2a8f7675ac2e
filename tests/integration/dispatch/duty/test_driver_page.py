"""The driver page and its service worker."""

from __future__ import annotations

import base64

import pytest

from coachway.core.http.response_types import HtmlResponse
from coachway.core.persistence.table import call_stats
from coachway.dispatch.duty import driver_page
from tests.integration.client import call
from tests.integration.dispatch import tracking_builders
from tests.integration.dispatch.page_builders import api, assert_only_own_script_and_style


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def test_get_driver_page_is_static_and_reads_nothing() -> None:
    before = call_stats.calls
    reply = call(api, "GET", "/pages/driver")
    assert (reply.status, call_stats.calls - before) == (200, 0)
    assert_only_own_script_and_style(reply)
    assert "worker-src 'self'" in reply.headers["Content-Security-Policy"]
    assert reply.headers["Permissions-Policy"] == "geolocation=(self)"


def test_get_driver_worker_changes_with_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    reply = call(api, "GET", "/pages/driver-worker.js")
    assert reply.headers["Content-Type"].startswith("text/javascript")
    assert reply.headers["Content-Security-Policy"] == "default-src 'none'; connect-src 'self'"
    first = base64.b64decode(reply.text).decode()
    assert "VERSION" not in first
    changed_page = HtmlResponse(f"{driver_page.render_page().text} ")
    monkeypatch.setattr(driver_page, "render_page", lambda: changed_page)
    assert driver_page.render_worker.__wrapped__().content.decode() != first
