"""The page says what the client may do, and nothing that is not theirs to know."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coachway.bookings import charter_text
from coachway.bookings.charters.cancellation_policy import Tier
from coachway.bookings.charters.rules import Status
from coachway.bookings.quotes import pages as quote_pages
from coachway.bookings.quotes.page_content import PageState, build_quote_page, quote_state
from coachway.core.documents.formatting import Formatter
from coachway.pricing.quote_model import Line, Notice
from tests.unit.bookings.charters import CLIENT, EXPIRES, ORGANIZATION, SENT, charter, line

WORDS = Formatter("America/New_York")
NBSP = "\N{NO-BREAK SPACE}"


def html(state: PageState, **changed: object) -> str:
    known = charter(**changed)
    drawn = quote_pages.render_content(
        build_quote_page(known, CLIENT.name, WORDS, state), ORGANIZATION, values={}, field_errors={}
    )
    return drawn.text


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_its_page(status: Status) -> None:
    known = charter(status=status, accepted_by="Dana Lee")
    text = quote_pages.render_content(
        build_quote_page(known, CLIENT.name, WORDS, quote_state(known, SENT)), ORGANIZATION, values={}, field_errors={}
    ).text
    assert ("<form" in text) is (status is Status.QUOTE)
    assert "CH-2027-000001" in text


def test_a_quote_is_open_until_the_moment_it_expires() -> None:
    assert quote_state(charter(), EXPIRES - timedelta(seconds=1)) is PageState.OPEN
    assert quote_state(charter(), EXPIRES) is PageState.EXPIRED


def test_an_open_quote_shows_trip_price_and_how_long_it_is_valid() -> None:
    text = html(PageState.OPEN)
    for said in (
        "Acme Events",
        "New York, NY → Atlantic City, NJ",
        "<p>Wednesday, March 3, 2027</p>",
        "$1,114.50",
        f"February 27, 2027, 5:00{NBSP}PM EST",
    ):
        assert said in text
    assert 'name="revision_number" value="1"' in text


def test_a_trip_over_several_days_names_the_first_and_the_last() -> None:
    later = charter().ends_at + timedelta(days=2)
    assert "<p>Wednesday, March 3, 2027 to Friday, March 5, 2027</p>" in html(PageState.OPEN, ends_at=later)


def test_a_booked_trip_says_what_is_paid_and_what_is_left() -> None:
    assert "paid" not in html(PageState.UNDER_WAY, status=Status.BOOKED).split("If you cancel")[0]
    assert "$278.63 paid, $835.87 to pay" in html(PageState.UNDER_WAY, status=Status.BOOKED, amount_paid=27863)
    whole = html(PageState.UNDER_WAY, status=Status.CONFIRMED, amount_paid=111450)
    assert "<div>$1,114.50 paid</div>" in whole


def test_a_quote_that_cannot_be_booked_yet_has_nothing_to_accept() -> None:
    quote = charter().quote
    illegal = Notice(code="hours_of_service", message="Too long for one driver.", blocking=True)
    text = html(PageState.OPEN, quote=quote.model_copy(update={"warnings": [illegal]}))
    assert "Accept and book" not in text
    assert "Decline" in text


def test_no_id_but_the_number_is_on_the_page() -> None:
    known = charter()
    text = html(PageState.OPEN)
    for secret in (known.id, known.org_id, known.client_id, known.quote.id):
        assert secret not in text


def test_what_people_wrote_is_never_markup() -> None:
    known = build_quote_page(charter(), "<script>alert(1)</script>", WORDS, PageState.OPEN)
    assert "<script>" not in quote_pages.render_content(known, ORGANIZATION, values={}, field_errors={}).text


def test_stops_tell_their_own_clock_and_a_day_once() -> None:
    first, middle, last = charter_text.describe_stops(charter().stops, WORDS)
    assert [(time.label, time.value, time.day) for time in first.times] == [
        ("Departs", f"9:00{NBSP}AM EST", "Wednesday, March 3, 2027")
    ]
    assert [time.value for time in middle.times] == [f"10:00{NBSP}AM EST", f"10:20{NBSP}AM EST"]
    assert not any(time.day for stop in (middle, last) for time in stop.times)


def test_a_stop_in_another_zone_has_its_own_clock() -> None:
    known = charter()
    west = [known.stops[0], known.stops[-1].model_copy(update={"timezone": "America/Los_Angeles"})]
    assert charter_text.describe_stops(west, WORDS)[1].times[0].value == f"9:00{NBSP}AM PST"


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        (line("base_rate", "Base", "1", 35000, 35000), ""),
        (line("mileage_rate", "Miles", "150.5", 250, 37625), "150.5 miles × $2.50"),
        (line("hourly_rate", "Hours", "5.5", 9000, 49500), "5.5 hours × $90.00"),
        (line("seasonal", "Season", "0.125", 80000, 10000), "12.5% of $800.00"),
        (line("promo", "Promo code SPRING", "0.1", -85000, -8500), "10% of $850.00"),
        (line("extra_stop", "Extra stops", "3", 2500, 7500), "3 × $25.00"),
    ],
)
def test_a_line_says_what_it_is_made_of(given: Line, detail: str) -> None:
    assert charter_text.describe_lines([given], WORDS)[0].detail == detail


def test_the_terms_are_those_that_cancellations_are_reckoned_by() -> None:
    assert charter_text.cancellation_terms() == [
        "72 hours or more before the first pickup: we refund 100% of what you paid",
        "48 to 72 hours before: we refund 75% of what you paid",
        "24 to 48 hours before: we refund 50% of what you paid",
        "Less than 24 hours before: no refund",
    ]
    assert len(charter_text.cancellation_terms([Tier(0, 100)])) == 1


def test_amenities_are_called_as_on_the_price_list() -> None:
    facts = {fact.label: fact.value for fact in charter_text.describe_trip(charter())}
    assert facts["Amenities"] == "Wi-Fi"
    unlisted = {
        fact.label: fact.value for fact in charter_text.describe_trip(charter(amenities=["wifi", "wheelchair_lift"]))
    }
    assert unlisted["Amenities"] == "Wi-Fi, Wheelchair lift"
