"""Every state machine retries a failed step, then records the failure, and ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from coachway.core.entrypoints.step_handler import Step, step_fields
from tools.function_modules import load
from tools.functions import ROOT, Function, functions

WORKFLOWS = {
    file.name.partition(".")[0]: yaml.safe_load(file.read_text()) for file in (ROOT / "statemachines").glob("*")
}


def state_maps(workflow: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The states of a workflow, and those of its Map states."""
    yield workflow["States"]
    for state in workflow["States"].values():
        for field in ("ItemProcessor", "Iterator"):
            if field in state:
                yield from state_maps(state[field])


def path_from(states: Mapping[str, Any], name: str) -> list[str]:
    """The states from one to the end if no step fails."""
    path = [name]
    while "Next" in states[path[-1]]:
        path.append(states[path[-1]]["Next"])
        assert len(path) <= len(states), f"{path} is a cycle"
    return path


def catch_all(state: Mapping[str, Any]) -> str:
    """The next state after any error; empty if there is none."""
    last = state.get("Catch", [{}])[-1]
    return str(last["Next"]) if last.get("ErrorEquals") == ["States.ALL"] else ""


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflow_has_a_timeout(name: str) -> None:
    assert WORKFLOWS[name]["TimeoutSeconds"] > 0


@pytest.mark.parametrize("name", WORKFLOWS)
def test_failed_tasks_are_recorded(name: str) -> None:
    states = WORKFLOWS[name]["States"]
    tasks = {task for task, state in states.items() if state["Type"] == "Task"}
    caught = {task: catch_all(states[task]) for task in tasks}
    recording = {step for end in caught.values() if end for step in path_from(states, end) if step in tasks}
    for task in tasks - recording:
        assert caught[task], f"{task} does not catch all errors"
        assert recording & set(path_from(states, caught[task])), f"a failure of {task} is not recorded"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_failed_tasks_in_a_map_do_not_stop_the_others(name: str) -> None:
    _, *map_states = state_maps(WORKFLOWS[name])
    for states in map_states:
        for task, state in states.items():
            assert state["Type"] != "Task" or catch_all(state), f"{task} does not catch all errors"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_tasks_are_retried_except_waits_for_a_token(name: str) -> None:
    for states in state_maps(WORKFLOWS[name]):
        for task, state in states.items():
            if state["Type"] == "Task" and not state["Resource"].endswith("waitForTaskToken"):
                assert state["Retry"][-1]["MaxAttempts"] >= 2, task


def test_bidding_failure_fails_the_execution() -> None:
    states = WORKFLOWS["bidding"]["States"]
    for state in states.values():
        if end := catch_all(state):
            assert path_from(states, end)[-2:] == ["RecordFailure", "Failed"]
    assert states["Failed"]["Type"] == "Fail"
    assert "on the charter" in states["Failed"]["Cause"]


def payloads(states: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The payloads that a state machine sends to its function."""
    for state in states.values():
        if state["Type"] == "Task":
            yield state["Parameters"]["Payload"]


@pytest.mark.parametrize(
    "row", [row for row in functions().values() if row.workflow], ids=lambda row: row.deployed_name
)
def test_state_machine_calls_existing_steps_with_all_of_their_fields(row: Function) -> None:
    assert row.workflow is not None
    definition = WORKFLOWS[row.workflow.name.replace("-", "_")]
    steps: Mapping[str, Step] = load(row.capability, row.module).STEPS
    calls = [payload for states in state_maps(definition) for payload in payloads(states)]
    assert {call["step"] for call in calls} == steps.keys()
    for call in calls:
        sent = {name.removesuffix(".$") for name in call} | {"round_", "redriven"}
        assert sent >= set(step_fields(steps[call["step"]])), call["step"]
