"""The tracking page, on the table in memory."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock
from tests.integration.client import Reply, call
from tests.integration.dispatch import tracking_builders
from tests.integration.dispatch.page_builders import api, assert_only_own_script_and_style
from tests.integration.dispatch.tracking_builders import create_trip_on_duty, freeze_time, send_ok, send_track_until
from tests.tracks import read_track


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def create_track_token(charter_id: str, **body: object) -> str:
    return str(send_ok("POST", f"/dispatch/charters/{charter_id}/track-link", body)["token"])


def get_track_page(token: str) -> Reply:
    return call(api, "GET", f"/pages/track/{token}")


def test_get_track_page_of_a_recorded_track_takes_three_reads() -> None:
    charter_id, assignment_id, rosa = create_trip_on_duty()
    token = create_track_token(charter_id)
    send_track_until(assignment_id, rosa, "10:30")
    with freeze_time("10:30"):
        before = call_stats.calls
        reply = get_track_page(token)
        assert call_stats.calls - before == 3
    assert reply.status == 200
    assert_only_own_script_and_style(reply)
    assert "On the way to 1901 Boardwalk" in reply.text
    assert reply.text.count('<g class="vehicle"') == 1
    assert len(reply.text) < 20_000
    assert rosa not in reply.text
    assert "Rosa" not in reply.text


def test_get_track_page_after_the_drop_off_shows_no_position() -> None:
    charter_id, assignment_id, rosa = create_trip_on_duty()
    token = create_track_token(charter_id)
    positions = list(read_track("to-the-shore"))
    send_track_until(assignment_id, rosa, "23:00")
    with clock.frozen(positions[-1].at + timedelta(minutes=1)):
        text = get_track_page(token).text
    assert "The trip is over" in text
    assert '<polyline class="trail"' not in text
    assert '<g class="vehicle"' not in text
    assert "http-equiv" not in text


def test_get_track_page_with_an_invalid_link_returns_404() -> None:
    charter_id, _, _ = create_trip_on_duty()
    old_token = create_track_token(charter_id)
    new_token = create_track_token(charter_id, renew=True, expires_in_hours=2)
    for token, minutes in ((old_token, 0), (f"{new_token[:-4]}AAAA", 0), ("x", 0), (new_token, 121)):
        with clock.frozen(clock.now() + timedelta(minutes=minutes)):
            reply = get_track_page(token)
        assert reply.status == 404
        assert "This link is no longer valid" in reply.text
