"""The content of the quote page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from coachway.bookings import charter_text
from coachway.bookings.charters.rules import CharterStatus
from coachway.bookings.quotes import pages as quote_pages
from coachway.bookings.quotes.page_content import PageState, build_quote_page, quote_state
from coachway.core.documents.formatting import Formatter
from coachway.pricing.notice_model import Notice
from coachway.pricing.quote_model import Line
from tests.unit.bookings.builders import CLIENT, EXPIRES, ORGANIZATION, SENT, build_charter, build_line

FORMATTER = Formatter("America/New_York")
NBSP = "\N{NO-BREAK SPACE}"


def render_page(state: PageState, **fields: object) -> str:
    charter = build_charter(**fields)
    page = quote_pages.render_content(
        build_quote_page(charter, CLIENT.name, FORMATTER, state), ORGANIZATION, values={}, field_errors={}
    )
    return page.text


@pytest.mark.parametrize("status", list(CharterStatus))
def test_quote_page_renders_every_state(status: CharterStatus) -> None:
    charter = build_charter(status=status, accepted_by="Dana Lee")
    text = quote_pages.render_content(
        build_quote_page(charter, CLIENT.name, FORMATTER, quote_state(charter, SENT)),
        ORGANIZATION,
        values={},
        field_errors={},
    ).text
    assert ("<form" in text) is (status is CharterStatus.QUOTE)
    assert "CH-2027-000001" in text


def test_quote_state_is_open_until_expiry() -> None:
    assert quote_state(build_charter(), EXPIRES - timedelta(seconds=1)) is PageState.OPEN
    assert quote_state(build_charter(), EXPIRES) is PageState.EXPIRED


def test_open_quote_page_shows_trip_price_and_validity() -> None:
    text = render_page(PageState.OPEN)
    for expected in (
        "Acme Events",
        "New York, NY → Atlantic City, NJ",
        "<p>Wednesday, March 3, 2027</p>",
        "$1,114.50",
        f"February 27, 2027, 5:00{NBSP}PM EST",
    ):
        assert expected in text
    assert 'name="revision_number" value="1"' in text


def test_multi_day_trip_page_shows_first_and_last_day() -> None:
    later = build_charter().ends_at + timedelta(days=2)
    assert "<p>Wednesday, March 3, 2027 to Friday, March 5, 2027</p>" in render_page(PageState.OPEN, ends_at=later)


def test_booked_trip_page_shows_paid_and_remaining_amounts() -> None:
    assert "paid" not in render_page(PageState.UNDER_WAY, status=CharterStatus.BOOKED).split("Cancellation")[0]
    assert "$278.63 paid, $835.87 to pay" in render_page(
        PageState.UNDER_WAY, status=CharterStatus.BOOKED, amount_paid=27863
    )
    fully_paid = render_page(PageState.UNDER_WAY, status=CharterStatus.CONFIRMED, amount_paid=111450)
    assert "<div>$1,114.50 paid</div>" in fully_paid


@pytest.mark.parametrize(("paid", "text"), [(121400, "$1,114.50 paid"), (100000, "$1,000.00 paid")])
def test_invoiced_trip_page_shows_no_more_paid_than_the_price_and_no_rest(paid: int, text: str) -> None:
    page = render_page(PageState.UNDER_WAY, status=CharterStatus.BOOKED, amount_paid=paid, invoice_id="ivc_1")
    assert f"<div>{text}</div>" in page


def test_blocked_quote_page_has_no_accept_form() -> None:
    quote = build_charter().quote
    illegal = Notice(code="hours_of_service", message="Too long for one driver.", blocking=True)
    text = render_page(PageState.OPEN, quote=quote.model_copy(update={"warnings": [illegal]}))
    assert "Accept and book" not in text
    assert "Decline" in text


def test_quote_page_contains_no_internal_ids() -> None:
    charter = build_charter()
    text = render_page(PageState.OPEN)
    for secret in (charter.id, charter.org_id, charter.client_id, charter.quote.id):
        assert secret not in text


def test_quote_page_escapes_user_text() -> None:
    page = build_quote_page(build_charter(), "<script>alert(1)</script>", FORMATTER, PageState.OPEN)
    assert "<script>" not in quote_pages.render_content(page, ORGANIZATION, values={}, field_errors={}).text


def test_describe_stops_shows_local_times_and_each_day_once() -> None:
    first, middle, last = charter_text.describe_stops(build_charter().stops, FORMATTER)
    assert [(time.label, time.value, time.day) for time in first.times] == [
        ("Departs", f"9:00{NBSP}AM EST", "Wednesday, March 3, 2027")
    ]
    assert [time.value for time in middle.times] == [f"10:00{NBSP}AM EST", f"10:20{NBSP}AM EST"]
    assert not any(time.day for stop in (middle, last) for time in stop.times)


def test_describe_stops_uses_zone_of_each_stop() -> None:
    charter = build_charter()
    stops = [charter.stops[0], charter.stops[-1].model_copy(update={"timezone": "America/Los_Angeles"})]
    assert charter_text.describe_stops(stops, FORMATTER)[1].times[0].value == f"9:00{NBSP}AM PST"


def test_describe_stops_with_equal_times_shows_one_time() -> None:
    noon = datetime(2027, 3, 3, 17, 0, tzinfo=UTC)
    times = {"estimated_arrival": noon, "estimated_departure": noon + timedelta(seconds=20)}
    stops = [stop.model_copy(update=times) for stop in build_charter().stops]
    labels = [[time.label for time in stop.times] for stop in charter_text.describe_stops(stops, FORMATTER)]
    assert labels == [["Departs"], ["Arrives"], ["Arrives"]]


def test_quote_page_shows_public_labels_of_rules() -> None:
    line = build_line("mileage_rate", "Mile", "150", 250, 37500)
    named = line.model_copy(update={"public_label": "Highway miles"})
    season = build_line("seasonal", "Winter -10", "-0.1", 80000, -8000)
    tax = build_line("tax", "Tax", "0.1", 1000, 100)
    labels = [text.label for text in charter_text.describe_lines([line, named, season, tax], FORMATTER)]
    assert labels == ["Mileage", "Highway miles", "Seasonal discount", "Tax"]


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        (build_line("base_rate", "Base", "1", 35000, 35000), ""),
        (build_line("mileage_rate", "Miles", "150.5", 250, 37625), "150.5 miles × $2.50"),
        (build_line("hourly_rate", "Hours", "5.5", 9000, 49500), "5.5 hours × $90.00"),
        (build_line("seasonal", "Season", "0.125", 80000, 10000), "12.5% of $800.00"),
        (build_line("promo", "Promo code SPRING", "0.1", -85000, -8500), "10% of $850.00"),
        (build_line("extra_stop", "Extra stops", "3", 2500, 7500), "3 × $25.00"),
    ],
)
def test_describe_lines_shows_quantity_and_unit_price(line: Line, detail: str) -> None:
    assert charter_text.describe_lines([line], FORMATTER)[0].detail == detail


def test_amenity_names_use_price_list() -> None:
    facts = {fact.label: fact.value for fact in charter_text.describe_trip(build_charter())}
    assert facts["Amenities"] == "Wi-Fi"
    unlisted = {
        fact.label: fact.value
        for fact in charter_text.describe_trip(build_charter(amenities=["wifi", "wheelchair_lift"]))
    }
    assert unlisted["Amenities"] == "Wi-Fi, Wheelchair lift"
