"""What stands where on the map of a trip."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from coachway.core.types.geo import Coordinates
from coachway.dispatch.live_page.map_projection import HEIGHT, WIDTH
from coachway.dispatch.live_page.map_svg import MapStop, MapVehicle, Mark, build_map

STOPS = [
    MapStop(1, "New York", Coordinates(40.7074, -74.0113), is_done=True),
    MapStop(2, "Sayreville", Coordinates(40.4598, -74.2710)),
    MapStop(3, "Atlantic City", Coordinates(39.3560, -74.4310)),
]
TRAIL = [Coordinates(40.70 - at / 1000, -74.02 - at / 1000) for at in range(100)]


def map_of(stops: list[MapStop], *movers: MapVehicle, focus: tuple[Coordinates, ...] = ()) -> list[Mark]:
    found = build_map(stops, movers, focus)
    assert found is not None
    return list(found.marks)


def test_a_trip_without_places_has_no_map() -> None:
    assert build_map([], []) is None
    assert build_map([], [MapVehicle("", None)]) is None


def test_stops_are_numbered_and_named_and_the_route_leads_through_them() -> None:
    found = build_map(STOPS, [])
    assert found is not None
    assert [(mark.numbers, mark.name, mark.is_done) for mark in found.marks] == [
        ("1", "New York", True),
        ("2", "Sayreville", False),
        ("3", "Atlantic City", False),
    ]
    assert found.route.count(",") == 3
    assert found.behind.count(",") == 1


def test_stops_at_one_place_share_a_mark() -> None:
    back = MapStop(4, "New York", Coordinates(40.7075, -74.0112))
    marks = map_of([*STOPS, back])
    assert [mark.numbers for mark in marks] == ["1·4", "2", "3"]
    assert not marks[0].is_done


def test_many_stops_at_one_place_do_not_make_a_long_mark() -> None:
    marks = map_of([MapStop(number, "Here", Coordinates(40, -74)) for number in range(1, 9)])
    assert [mark.numbers for mark in marks] == ["1·2·3…"]


def test_a_vehicle_points_where_it_goes_and_its_trail_ends_at_it() -> None:
    found = build_map(STOPS, [MapVehicle("", Coordinates(40.55, -74.2), heading=214.4, trail=TRAIL)])
    assert found is not None
    [arrow], [trail] = found.arrows, found.trails
    assert (arrow.turn, arrow.is_old) == (214, False)
    assert trail.split()[-1] == f"{arrow.at.x:.1f},{arrow.at.y:.1f}"
    assert len(trail.split()) < 10


def test_a_vehicle_that_stands_points_nowhere() -> None:
    found = build_map(STOPS, [MapVehicle("", Coordinates(40.55, -74.2), is_old=True)])
    assert found is not None
    assert (found.arrows[0].turn, found.arrows[0].is_old, found.trails) == (None, True, [])


def test_a_sheet_of_a_part_leaves_out_what_is_elsewhere() -> None:
    coach = Coordinates(40.73, -74.05)
    marks = map_of(STOPS, MapVehicle("", coach), focus=(STOPS[0].place, coach))
    assert [mark.numbers for mark in marks] == ["1"]


def test_long_names_are_cut() -> None:
    [mark] = map_of([MapStop(1, "American Museum of Natural History", Coordinates(40, -74))])
    assert mark.name == "American Museum of Na…"


@given(st.lists(st.builds(Coordinates, st.floats(40, 40.5), st.floats(-74.5, -74)), min_size=1, max_size=12))
def test_names_stand_on_the_sheet_and_not_on_each_other(where: list[Coordinates]) -> None:
    marks = map_of([MapStop(at + 1, f"Town {at}", place) for at, place in enumerate(where)])
    boxes = []
    for mark in marks:
        if mark.label is None:
            continue
        wide = 6.2 * len(mark.name)
        left = mark.label.x - {"start": 0, "end": wide, "middle": wide / 2}[mark.anchor]
        boxes.append((left, mark.label.y - 11, left + wide, mark.label.y + 3))
    assert all(box[0] >= 0 and box[1] >= 0 and box[2] <= WIDTH and box[3] <= HEIGHT for box in boxes)
    for one, other in combinations(boxes, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
