"""Scores of eligible drivers."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.core.types.geo import Coordinates, is_unknown
from coachway.dispatch.matching import scoring
from tests.unit.dispatch.matching_builders import (
    HOURS_RULES,
    block_params,
    create_blocks,
    create_driver_facts,
    create_requirements,
    evaluate,
)

PLACES = st.builds(Coordinates, st.floats(-80, 80), st.floats(-179, 179)).filter(lambda place: not is_unknown(place))


@settings(deadline=None)
@given(block_params, st.floats(1, 5) | st.none(), PLACES)
def test_score_driver_points_add_up_and_stay_in_bounds(
    params: list[tuple[int, float, str]], rating: float | None, home: Coordinates
) -> None:
    facts = create_driver_facts(
        *create_blocks(params), rating=rating, home_latitude=home.latitude, home_longitude=home.longitude
    )
    evaluation = evaluate(facts)
    if evaluation.remaining is None:
        return
    score = scoring.score_driver(facts, create_requirements().plan, evaluation.remaining, HOURS_RULES)
    assert 0 <= score.distance_points <= scoring.DISTANCE_POINTS
    assert 0 <= score.hours_left_points <= scoring.HOURS_LEFT_POINTS
    assert 0 <= score.rating_points <= scoring.RATING_POINTS
    assert 0 <= score.balance_points <= scoring.BALANCE_POINTS
    points = score.distance_points + score.hours_left_points + score.rating_points + score.balance_points
    assert abs(score.total - points) < 0.01
