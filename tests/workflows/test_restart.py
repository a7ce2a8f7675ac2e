"""The emulator keeps what it was told: over an orderly stop, and what was saved over a crash."""

from __future__ import annotations

import os
import signal
from typing import Any

import httpx
import pytest

from infra.local import processes
from infra.local import stack as local
from infra.local.emulator import emulator_process
from tests.stack import Stack, eventually, get_stack

PASSWORD = "a-long-demo-password"
pytestmark = pytest.mark.xdist_group("restart")


@pytest.fixture(scope="module")
def own() -> Stack:
    """A stack for this module alone: others would not like it to stop under them."""
    return get_stack("restart")


@pytest.fixture(scope="module")
def admin(own: Stack) -> dict[str, str]:
    """The headers of somebody who may invite others."""
    organization = {"name": "Harbor Coach", "slug": "harbor", "timezone": "America/New_York", "currency": "USD"}
    person = {"email": "ana@harbor.example", "password": PASSWORD, "first_name": "Ana", "last_name": "Ruiz"}
    own.http.post("/auth/register", json={"organization": organization, "admin": person}).raise_for_status()
    return {"Authorization": f"Bearer {_login(own).raise_for_status().json()['access_token']}"}


def _login(own: Stack) -> httpx.Response:
    who = {"organization": "harbor", "email": "ana@harbor.example", "password": PASSWORD}
    return own.http.post("/auth/login", json=who)


def _invite(own: Stack, admin: dict[str, str], email: str) -> None:
    person = {"email": email, "role": "staff", "first_name": "Sam", "last_name": "Tran"}
    own.http.post("/users/invite", json=person, headers=admin).raise_for_status()


def _relay_reads(own: Stack, reads: bool) -> None:
    """Switch the relay's reading of the stream on or off."""
    functions = own.client("lambda")
    mapping = functions.list_event_source_mappings(FunctionName=own.function("relay"))["EventSourceMappings"][0]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=reads)

    def done() -> Any:
        state = functions.get_event_source_mapping(UUID=mapping["UUID"])["State"]
        return state == ("Enabled" if reads else "Disabled")

    eventually(done, 10)


def test_an_event_that_was_not_read_before_a_stop_is_read_after_it(own: Stack, admin: dict[str, str]) -> None:
    _invite(own, admin, "before@harbor.example")
    own.wait_for_mail("before@harbor.example")
    _relay_reads(own, False)
    _invite(own, admin, "unread@harbor.example")
    own.restart()
    assert own.mails("unread@harbor.example") == []
    _relay_reads(own, True)
    own.wait_for_mail("unread@harbor.example")


def test_the_first_event_after_a_restart_arrives(own: Stack, admin: dict[str, str]) -> None:
    own.restart()
    _invite(own, admin, "after@harbor.example")
    own.wait_for_mail("after@harbor.example")


def test_a_crash_loses_nothing_that_was_saved(own: Stack, admin: dict[str, str]) -> None:
    emulator_process.save_state(own.config)
    pid = processes.running_pid(own.config, emulator_process.NAME)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not processes.is_port_in_use(own.config.port), 10)
    local.start_stack(own.config, with_demo=False)
    assert _login(own).status_code == httpx.codes.OK
    _invite(own, admin, "crash@harbor.example")
    own.wait_for_mail("crash@harbor.example")


def test_going_up_twice_changes_nothing(own: Stack) -> None:
    pid = processes.running_pid(own.config, emulator_process.NAME)
    before = own.config.stack_file.read_text()
    local.start_stack(own.config, with_demo=False)
    assert processes.running_pid(own.config, emulator_process.NAME) == pid
    assert own.config.stack_file.read_text() == before


def test_a_taken_port_is_named(own: Stack) -> None:
    from infra.local.console import CommandError

    with pytest.raises(CommandError) as refused:
        processes.start(own.config, "another", ["true"], {}, own.config.port)
    assert str(own.config.port) in refused.value.message
    assert "COACHWAY_PORT" in refused.value.advice
