"""The pages of a trip under way, through their routes, on the table in memory."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta

import pytest

from coachway.core.http.response_types import HtmlResponse
from coachway.core.persistence.table import tally
from coachway.core.runtime import clock
from coachway.dispatch.duty import driver_page
from tests.entries import load
from tests.integration.client import Reply, call
from tests.integration.dispatch import trip_builders
from tests.integration.dispatch.trip_builders import at, done, on_duty, the_time_is
from tests.tracks import read_track

api = load("dispatch", "trip_pages").api


@pytest.fixture(autouse=True)
def organization() -> None:
    trip_builders.found()


def linked(charter_id: str, **body: object) -> str:
    return str(done("POST", f"/dispatch/charters/{charter_id}/track-link", body)["token"])


def seen(token: str) -> Reply:
    return call(api, "GET", f"/pages/track/{token}")


def drive(assignment_id: str, rosa: str, until: str) -> None:
    sent = [fix for fix in read_track("to-the-shore") if fix.at <= at(until)]
    trip_builders.driven(assignment_id, sent, by=rosa, together=60)


def must_run_only_its_own(reply: Reply) -> None:
    """The policy names the page's one script and one style, by their digests."""
    policy = dict(part.strip().split(" ", 1) for part in reply.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        [text] = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", reply.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert policy[directive] == f"'sha256-{digest}'"
    assert policy["connect-src"] == "'self'"
    assert not re.search(r"<[^>]+ (style|on\w+)=", reply.text)
    assert not re.search(r"(src|href)=\"https?:", reply.text)


def test_a_recorded_drive_is_drawn_in_three_reads() -> None:
    run, made, rosa = on_duty()
    token = linked(run)
    drive(made, rosa, "10:30")
    with the_time_is("10:30"):
        before = tally.calls
        reply = seen(token)
        assert tally.calls - before == 3
    assert reply.status == 200
    must_run_only_its_own(reply)
    assert "On the way to 1901 Boardwalk" in reply.text
    assert reply.text.count('<g class="vehicle"') == 1
    assert len(reply.text) < 20_000
    assert rosa not in reply.text
    assert "Rosa" not in reply.text


def test_after_the_drop_off_no_position_is_told() -> None:
    run, made, rosa = on_duty()
    token = linked(run)
    fixes = list(read_track("to-the-shore"))
    drive(made, rosa, "23:00")
    with clock.frozen(fixes[-1].at + timedelta(minutes=1)):
        over = seen(token).text
    assert "The trip is over" in over
    assert '<polyline class="trail"' not in over
    assert '<g class="vehicle"' not in over
    assert "http-equiv" not in over


def test_a_link_that_has_expired_is_void_or_forged_is_told_to_be_so() -> None:
    run, _, _ = on_duty()
    old = linked(run)
    new = linked(run, renew=True, expires_in_hours=2)
    for token, minutes in ((old, 0), (f"{new[:-4]}AAAA", 0), ("x", 0), (new, 121)):
        with clock.frozen(clock.now() + timedelta(minutes=minutes)):
            reply = seen(token)
        assert reply.status == 404
        assert "This link is no longer valid" in reply.text


def test_the_drivers_page_is_the_same_for_everybody_and_reads_nothing() -> None:
    before = tally.calls
    reply = call(api, "GET", "/pages/driver")
    assert (reply.status, tally.calls - before) == (200, 0)
    must_run_only_its_own(reply)
    assert "worker-src 'self'" in reply.headers["Content-Security-Policy"]
    assert reply.headers["Permissions-Policy"] == "geolocation=(self)"


def test_the_worker_is_another_one_whenever_the_page_is(monkeypatch: pytest.MonkeyPatch) -> None:
    reply = call(api, "GET", "/pages/driver-worker.js")
    assert reply.headers["Content-Type"].startswith("text/javascript")
    assert reply.headers["Content-Security-Policy"] == "default-src 'none'; connect-src 'self'"
    first = base64.b64decode(reply.text).decode()
    assert "VERSION" not in first
    changed = HtmlResponse(f"{driver_page.render_page().text} ")
    monkeypatch.setattr(driver_page, "render_page", lambda: changed)
    assert driver_page.render_worker.__wrapped__().content.decode() != first
