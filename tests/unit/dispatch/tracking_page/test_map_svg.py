"""The layout of the map of a trip."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from coachway.core.types.geo import Coordinates
from coachway.dispatch.tracking_page.map_projection import HEIGHT, WIDTH
from coachway.dispatch.tracking_page.map_svg import MapStop, MapVehicle, Mark, build_map

STOPS = [
    MapStop(1, "New York", Coordinates(40.7074, -74.0113), is_done=True),
    MapStop(2, "Sayreville", Coordinates(40.4598, -74.2710)),
    MapStop(3, "Atlantic City", Coordinates(39.3560, -74.4310)),
]
TRAIL = [Coordinates(40.70 - at / 1000, -74.02 - at / 1000) for at in range(100)]


def build_marks(stops: list[MapStop], *vehicles: MapVehicle, focus: tuple[Coordinates, ...] = ()) -> list[Mark]:
    trip_map = build_map(stops, vehicles, focus)
    assert trip_map is not None
    return list(trip_map.marks)


def test_build_map_without_places_returns_none() -> None:
    assert build_map([], []) is None
    assert build_map([], [MapVehicle("", None)]) is None


def test_build_map_numbers_stops_and_connects_them() -> None:
    trip_map = build_map(STOPS, [])
    assert trip_map is not None
    assert [(mark.numbers, mark.name, mark.is_done) for mark in trip_map.marks] == [
        ("1", "New York", True),
        ("2", "Sayreville", False),
        ("3", "Atlantic City", False),
    ]
    assert trip_map.route.count(",") == 3
    assert trip_map.completed_route.count(",") == 1


def test_build_map_with_stops_at_one_place_shares_a_mark() -> None:
    back = MapStop(4, "New York", Coordinates(40.7075, -74.0112))
    marks = build_marks([*STOPS, back])
    assert [mark.numbers for mark in marks] == ["1·4", "2", "3"]
    assert not marks[0].is_done


def test_build_map_with_many_stops_at_one_place_shortens_the_mark() -> None:
    marks = build_marks([MapStop(number, "Here", Coordinates(40, -74)) for number in range(1, 9)])
    assert [mark.numbers for mark in marks] == ["1·2·3…"]


def test_build_map_of_a_moving_vehicle_has_heading_and_trail() -> None:
    trip_map = build_map(STOPS, [MapVehicle("", Coordinates(40.55, -74.2), heading=214.4, trail=TRAIL)])
    assert trip_map is not None
    [arrow], [trail] = trip_map.arrows, trip_map.trails
    assert (arrow.turn, arrow.is_old) == (214, False)
    assert trail.split()[-1] == f"{arrow.at.x:.1f},{arrow.at.y:.1f}"
    assert len(trail.split()) < 10


def test_build_map_of_a_standing_vehicle_has_no_heading() -> None:
    trip_map = build_map(STOPS, [MapVehicle("", Coordinates(40.55, -74.2), is_old=True)])
    assert trip_map is not None
    assert (trip_map.arrows[0].turn, trip_map.arrows[0].is_old, trip_map.trails) == (None, True, [])


def test_build_map_with_a_focus_leaves_out_other_stops() -> None:
    coach = Coordinates(40.73, -74.05)
    marks = build_marks(STOPS, MapVehicle("", coach), focus=(STOPS[0].place, coach))
    assert [mark.numbers for mark in marks] == ["1"]


def test_build_map_shortens_long_names() -> None:
    [mark] = build_marks([MapStop(1, "American Museum of Natural History", Coordinates(40, -74))])
    assert mark.name == "American Museum of Na…"


@given(st.lists(st.builds(Coordinates, st.floats(40, 40.5), st.floats(-74.5, -74)), min_size=1, max_size=12))
def test_build_map_places_labels_on_the_map_without_overlap(places: list[Coordinates]) -> None:
    marks = build_marks([MapStop(at + 1, f"Town {at}", place) for at, place in enumerate(places)])
    boxes = []
    for mark in marks:
        if mark.label is None:
            continue
        width = 6.2 * len(mark.name)
        left = mark.label.x - {"start": 0, "end": width, "middle": width / 2}[mark.anchor]
        boxes.append((left, mark.label.y - 11, left + width, mark.label.y + 3))
    assert all(box[0] >= 0 and box[1] >= 0 and box[2] <= WIDTH and box[3] <= HEIGHT for box in boxes)
    for box, other_box in combinations(boxes, 2):
        assert box[2] <= other_box[0] or other_box[2] <= box[0] or box[3] <= other_box[1] or other_box[3] <= box[1]
