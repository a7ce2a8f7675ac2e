"""Convert places to points on the map, and back."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coachway.core.types.geo import Coordinates, miles_between
from coachway.dispatch.tracking_page.map_projection import (
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

any_places = st.builds(Coordinates, st.floats(-84, 84), st.floats(-180, 180))
nearby_places = st.builds(Coordinates, st.floats(40, 42), st.floats(-75, -72))
map_points = st.builds(Point, st.floats(0, WIDTH), st.floats(0, HEIGHT))


@given(st.lists(nearby_places, min_size=1, max_size=20))
def test_fit_projection_shows_every_place_within_the_margin(places: list[Coordinates]) -> None:
    projection = fit_projection(places)
    for place in places:
        x, y = projection.point(place)
        assert MARGIN - 1e-6 <= x <= WIDTH - MARGIN + 1e-6
        assert MARGIN - 1e-6 <= y <= HEIGHT - MARGIN + 1e-6


@given(st.lists(nearby_places, min_size=1, max_size=5), nearby_places)
def test_projection_place_inverts_point(places: list[Coordinates], place: Coordinates) -> None:
    projection = fit_projection(places)
    result = projection.place(projection.point(place))
    assert result.latitude == pytest.approx(place.latitude, abs=1e-6)
    assert result.longitude == pytest.approx(place.longitude, abs=1e-6)


def test_projection_point_draws_north_up_and_east_right() -> None:
    projection = fit_projection([WALL_ST, BOARDWALK])
    assert projection.point(WALL_ST).y < projection.point(BOARDWALK).y
    assert projection.point(WALL_ST).x > projection.point(BOARDWALK).x


def test_fit_projection_of_one_place_centers_it_on_a_small_map() -> None:
    projection = fit_projection([WALL_ST])
    assert projection.point(WALL_ST) == pytest.approx((WIDTH / 2, HEIGHT / 2))
    miles = miles_between(projection.place(Point(0, HEIGHT / 2)), projection.place(Point(WIDTH, HEIGHT / 2)))
    assert 0.4 < miles < 2


def test_fit_projection_without_places_shows_the_origin() -> None:
    assert fit_projection([]).point(Coordinates(0, 0)) == pytest.approx((WIDTH / 2, HEIGHT / 2))


def test_fit_projection_across_the_antimeridian_stays_compact() -> None:
    fiji, samoa = Coordinates(-18.1, 178.4), Coordinates(-13.8, -171.8)
    projection = fit_projection([fiji, samoa])
    assert projection.point(fiji).x < projection.point(samoa).x
    assert projection.place(projection.point(samoa)).longitude == pytest.approx(samoa.longitude)
    assert {line.name[-1] for line in meridians(projection)} <= {"E", "W", "°"}
    assert len(meridians(projection)) >= 2


def test_projection_point_of_a_pole_is_limited_to_85_degrees() -> None:
    projection = fit_projection([Coordinates(90, 0), Coordinates(-90, 10)])
    assert projection.point(Coordinates(90, 0)) == projection.point(Coordinates(85, 0))


def test_projection_point_preserves_angles() -> None:
    """The projection preserves angles, so that headings can be drawn unchanged."""
    projection = fit_projection([WALL_ST, BOARDWALK])
    middle = projection.point(Coordinates(40, -74.2))
    north, east = (
        projection.point(Coordinates(40.01, -74.2)),
        projection.point(Coordinates(40, -74.2 + 0.01 / 0.7660444)),
    )
    assert middle.y - north.y == pytest.approx(east.x - middle.x, rel=1e-3)


@given(st.lists(any_places, min_size=1, max_size=6))
@example([Coordinates(84.0, 0.0), Coordinates(-81.0, 0.0)])
def test_grid_lines_are_on_the_map_and_few(places: list[Coordinates]) -> None:
    projection = fit_projection(places)
    meridian_lines, parallel_lines = meridians(projection), parallels(projection)
    assert len(meridian_lines) <= 12
    assert len(parallel_lines) <= 6
    assert all(0 <= line.at <= WIDTH for line in meridian_lines)
    assert all(0 <= line.at <= HEIGHT for line in parallel_lines)


def test_grid_lines_are_named_by_degrees_and_minutes() -> None:
    names = {
        line.name
        for line in [*meridians(fit_projection([WALL_ST, BOARDWALK])), *parallels(fit_projection([WALL_ST, BOARDWALK]))]
    }
    assert {"74°W", "40°N", "40°30'N"} <= names


@given(st.lists(nearby_places, min_size=2, max_size=6))
def test_build_scale_is_accurate_at_the_center(places: list[Coordinates]) -> None:
    projection = fit_projection(places)
    scale = build_scale(projection)
    assert 0 < scale.length <= WIDTH / 4 + 0.1
    middle = Point(WIDTH / 2, HEIGHT / 2)
    miles = miles_between(projection.place(middle), projection.place(Point(middle.x + scale.length, middle.y)))
    assert miles == pytest.approx(float(scale.miles.removesuffix(" mi").replace(",", "")), rel=0.02)


@given(st.lists(map_points, min_size=1, max_size=60))
def test_simplify_line_keeps_the_ends_and_adds_no_points(line: list[Point]) -> None:
    simplified = simplify_line(line)
    assert simplified[0] == line[0]
    assert simplified[-1] == line[-1]
    assert len(simplified) <= len(line)
    assert set(simplified) <= set(line)


def test_simplify_line_removes_points_on_a_straight_line() -> None:
    line = [Point(float(at), 0.3 * (at % 2)) for at in range(100)]
    assert simplify_line(line) == [line[0], line[-1]]
    bent_line = [*line, Point(50, 50)]
    assert simplify_line(bent_line) == [line[0], line[-1], bent_line[-1]]
