"""Turns of agents: nobody is ahead or behind by one lead or more."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from coachway.sales.assignment.rotation import CREDIT_PER_LEAD, Rotation, take_turn

WEIGHTS = st.dictionaries(st.sampled_from("abcdefg"), st.integers(1, 100), min_size=1)


def take_turns(weights: dict[str, int], number: int, rotation: Rotation | None = None) -> tuple[list[str], Rotation]:
    chosen, state = [], rotation or Rotation()
    for _ in range(number):
        agent, state = take_turn(state, weights)
        chosen.append(agent)
    return chosen, state


@given(WEIGHTS, st.integers(1, 150))
def test_every_agent_deviates_from_their_share_by_less_than_one_lead(weights: dict[str, int], number: int) -> None:
    chosen, _ = take_turns(weights, number)
    total = sum(weights.values())
    counts: Counter[str] = Counter()
    for leads, agent in enumerate(chosen, 1):
        counts[agent] += 1
        for each, weight in weights.items():
            assert abs(counts[each] - Fraction(leads * weight, total)) < 1


@given(WEIGHTS, st.lists(st.sets(st.sampled_from("abcdefg")), max_size=60), st.integers(1, 60))
def test_a_new_run_has_exact_shares_whatever_happened_before(
    weights: dict[str, int], absences: list[set[str]], number: int
) -> None:
    rotation = Rotation()
    for absent in absences:
        available = {agent: weight for agent, weight in weights.items() if agent not in absent}
        if available:
            _, rotation = take_turn(rotation, available)
    run = weights | {"new": 3}
    chosen, _ = take_turns(run, number, rotation)
    for agent, weight in run.items():
        assert abs(chosen.count(agent) - Fraction(number * weight, sum(run.values()))) < 1


@given(WEIGHTS, st.lists(st.sets(st.sampled_from("abcdefg")), max_size=120))
def test_changing_absences_do_not_add_up(weights: dict[str, int], absences: list[set[str]]) -> None:
    rotation = Rotation()
    for absent in absences:
        available = {agent: weight for agent, weight in weights.items() if agent not in absent}
        if available:
            _, rotation = take_turn(rotation, available)
        assert all(abs(credit) < 2 * CREDIT_PER_LEAD + 1000 for credit in rotation.credits.values())


def test_runs_of_one_lead_do_not_always_begin_with_the_same_agent() -> None:
    rotation, chosen = Rotation(), list[str]()
    for day in range(8):
        present = {"heavy": 3, "light": 1, f"visitor {day}": 0}
        _, rotation = take_turn(rotation, {"other": 1})
        agent, rotation = take_turn(rotation, {name: weight for name, weight in present.items() if weight})
        chosen.append(agent)
    assert Counter(chosen) == {"heavy": 6, "light": 2}


def test_equal_weights_alternate() -> None:
    chosen, _ = take_turns({"a": 10, "b": 10, "c": 10}, 9)
    assert [sorted(chosen[start : start + 3]) for start in (0, 3, 6)] == [["a", "b", "c"]] * 3
