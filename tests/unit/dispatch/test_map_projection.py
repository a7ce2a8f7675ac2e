"""From the ground onto a sheet, and back."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coachway.core.types.geo import Coordinates, miles_between
from coachway.dispatch.live_page.map_projection import (
    HEIGHT,
    MARGIN,
    WIDTH,
    Point,
    build_scale,
    fit_projection,
    meridians,
    parallels,
    simplify_line,
)

WALL_ST = Coordinates(40.7074, -74.0113)
BOARDWALK = Coordinates(39.3560, -74.4310)

places = st.builds(Coordinates, st.floats(-84, 84), st.floats(-180, 180))
near = st.builds(Coordinates, st.floats(40, 42), st.floats(-75, -72))
points = st.builds(Point, st.floats(0, WIDTH), st.floats(0, HEIGHT))


@given(st.lists(near, min_size=1, max_size=20))
def test_every_place_is_on_the_sheet_within_its_margin(those: list[Coordinates]) -> None:
    onto = fit_projection(those)
    for place in those:
        x, y = onto.point(place)
        assert MARGIN - 1e-6 <= x <= WIDTH - MARGIN + 1e-6
        assert MARGIN - 1e-6 <= y <= HEIGHT - MARGIN + 1e-6


@given(st.lists(near, min_size=1, max_size=5), near)
def test_a_place_comes_back_from_the_sheet(those: list[Coordinates], place: Coordinates) -> None:
    onto = fit_projection(those)
    back = onto.place(onto.point(place))
    assert back.latitude == pytest.approx(place.latitude, abs=1e-6)
    assert back.longitude == pytest.approx(place.longitude, abs=1e-6)


def test_north_is_up_and_east_is_right() -> None:
    onto = fit_projection([WALL_ST, BOARDWALK])
    assert onto.point(WALL_ST).y < onto.point(BOARDWALK).y
    assert onto.point(WALL_ST).x > onto.point(BOARDWALK).x


def test_a_single_place_is_in_the_middle_of_half_a_mile() -> None:
    onto = fit_projection([WALL_ST])
    assert onto.point(WALL_ST) == pytest.approx((WIDTH / 2, HEIGHT / 2))
    across = miles_between(onto.place(Point(0, HEIGHT / 2)), onto.place(Point(WIDTH, HEIGHT / 2)))
    assert 0.4 < across < 2


def test_nothing_at_all_has_a_sheet_as_well() -> None:
    assert fit_projection([]).point(Coordinates(0, 0)) == pytest.approx((WIDTH / 2, HEIGHT / 2))


def test_a_trip_over_the_date_line_is_not_drawn_round_the_world() -> None:
    fiji, samoa = Coordinates(-18.1, 178.4), Coordinates(-13.8, -171.8)
    onto = fit_projection([fiji, samoa])
    assert onto.point(fiji).x < onto.point(samoa).x
    assert onto.place(onto.point(samoa)).longitude == pytest.approx(samoa.longitude)
    assert {line.name[-1] for line in meridians(onto)} <= {"E", "W", "°"}
    assert len(meridians(onto)) >= 2


def test_poles_are_cut_off_and_not_divided_by() -> None:
    onto = fit_projection([Coordinates(90, 0), Coordinates(-90, 10)])
    assert onto.point(Coordinates(90, 0)) == onto.point(Coordinates(85, 0))


def test_a_circle_on_the_ground_is_a_circle_on_the_sheet() -> None:
    """Mercator's property, by which a heading may be drawn as it is."""
    onto = fit_projection([WALL_ST, BOARDWALK])
    middle = onto.point(Coordinates(40, -74.2))
    north, east = onto.point(Coordinates(40.01, -74.2)), onto.point(Coordinates(40, -74.2 + 0.01 / 0.7660444))
    assert middle.y - north.y == pytest.approx(east.x - middle.x, rel=1e-3)


@given(st.lists(places, min_size=1, max_size=6))
@example([Coordinates(84.0, 0.0), Coordinates(-81.0, 0.0)])
def test_the_graticule_is_on_the_sheet_and_does_not_crowd_it(those: list[Coordinates]) -> None:
    onto = fit_projection(those)
    across, down = meridians(onto), parallels(onto)
    assert len(across) <= 12
    assert len(down) <= 6
    assert all(0 <= line.at <= WIDTH for line in across)
    assert all(0 <= line.at <= HEIGHT for line in down)


def test_lines_are_called_by_degrees_and_minutes() -> None:
    names = {
        line.name
        for line in [*meridians(fit_projection([WALL_ST, BOARDWALK])), *parallels(fit_projection([WALL_ST, BOARDWALK]))]
    }
    assert {"74°W", "40°N", "40°30'N"} <= names


@given(st.lists(near, min_size=2, max_size=6))
def test_the_scale_tells_the_truth_in_the_middle_of_the_sheet(those: list[Coordinates]) -> None:
    onto = fit_projection(those)
    scale = build_scale(onto)
    assert 0 < scale.length <= WIDTH / 4 + 0.1
    middle = Point(WIDTH / 2, HEIGHT / 2)
    there = miles_between(onto.place(middle), onto.place(Point(middle.x + scale.length, middle.y)))
    assert there == pytest.approx(float(scale.miles.removesuffix(" mi").replace(",", "")), rel=0.02)


@given(st.lists(points, min_size=1, max_size=60))
def test_a_simplified_line_keeps_its_ends_and_goes_nowhere_new(line: list[Point]) -> None:
    fewer = simplify_line(line)
    assert fewer[0] == line[0]
    assert fewer[-1] == line[-1]
    assert len(fewer) <= len(line)
    assert set(fewer) <= set(line)


def test_what_lies_on_a_straight_line_is_left_out() -> None:
    line = [Point(float(at), 0.3 * (at % 2)) for at in range(100)]
    assert simplify_line(line) == [line[0], line[-1]]
    bent = [*line, Point(50, 50)]
    assert simplify_line(bent) == [line[0], line[-1], bent[-1]]
