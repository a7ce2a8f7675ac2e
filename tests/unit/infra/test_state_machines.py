"""Every state machine: a step that fails is tried again, then recorded, and the flow has an end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from coachway.core.entrypoints.step_handler import Step, step_fields
from tools.entries import load
from tools.functions import ROOT, Function, functions

FLOWS = {each.name.partition(".")[0]: yaml.safe_load(each.read_text()) for each in (ROOT / "statemachines").glob("*")}


def machines(flow: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The states of a flow, and those of the maps in it."""
    yield flow["States"]
    for state in flow["States"].values():
        for inner in ("ItemProcessor", "Iterator"):
            if inner in state:
                yield from machines(state[inner])


def way(states: Mapping[str, Any], name: str) -> list[str]:
    """The states from one to the end, where nothing goes wrong on the way."""
    found = [name]
    while "Next" in states[found[-1]]:
        found.append(states[found[-1]]["Next"])
        assert len(found) <= len(states), f"{found} leads round in circles"
    return found


def unhandled(state: Mapping[str, Any]) -> str:
    """Where a state goes when nothing else was foreseen; empty if nowhere."""
    last = state.get("Catch", [{}])[-1]
    return str(last["Next"]) if last.get("ErrorEquals") == ["States.ALL"] else ""


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_has_a_timeout(name: str) -> None:
    assert FLOWS[name]["TimeoutSeconds"] > 0


@pytest.mark.parametrize("name", FLOWS)
def test_every_step_that_fails_for_good_is_recorded(name: str) -> None:
    states = FLOWS[name]["States"]
    tasks = {each for each, state in states.items() if state["Type"] == "Task"}
    caught = {each: unhandled(states[each]) for each in tasks}
    recording = {step for end in caught.values() if end for step in way(states, end) if step in tasks}
    for each in tasks - recording:
        assert caught[each], f"{each} has no catch for everything"
        assert recording & set(way(states, caught[each])), f"{each} is not recorded when it fails"


@pytest.mark.parametrize("name", FLOWS)
def test_one_that_fails_in_a_map_does_not_stop_the_others(name: str) -> None:
    _, *inner = machines(FLOWS[name])
    for states in inner:
        for each, state in states.items():
            assert state["Type"] != "Task" or unhandled(state), f"{each} has no catch for everything"


@pytest.mark.parametrize("name", FLOWS)
def test_every_step_but_a_wait_for_a_token_is_tried_again(name: str) -> None:
    for states in machines(FLOWS[name]):
        for each, state in states.items():
            if state["Type"] == "Task" and not state["Resource"].endswith("waitForTaskToken"):
                assert state["Retry"][-1]["MaxAttempts"] >= 2, each


def test_a_failure_of_bidding_ends_its_execution_as_failed() -> None:
    states = FLOWS["bidding"]["States"]
    for state in states.values():
        if end := unhandled(state):
            assert way(states, end)[-2:] == ["Record", "Failed"]
    assert states["Failed"]["Type"] == "Fail"
    assert "on the charter" in states["Failed"]["Cause"]


def payloads(states: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What a state machine sends to its function, of every state that calls it."""
    for state in states.values():
        if state["Type"] == "Task":
            yield state["Parameters"]["Payload"]


@pytest.mark.parametrize(
    "row", [row for row in functions().values() if row.workflow], ids=lambda row: row.deployed_name
)
def test_a_state_machine_calls_existing_steps_with_all_of_their_fields(row: Function) -> None:
    assert row.workflow is not None
    definition = FLOWS[row.workflow.name.replace("-", "_")]
    steps: Mapping[str, Step] = load(row.capability, row.module).STEPS
    calls = [payload for states in machines(definition) for payload in payloads(states)]
    assert {call["step"] for call in calls} == steps.keys()
    for call in calls:
        sent = {name.removesuffix(".$") for name in call} | {"round_", "redriven"}
        assert sent >= set(step_fields(steps[call["step"]])), call["step"]
