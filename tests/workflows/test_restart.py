"""The emulator keeps its state over a restart, and its saved state over a crash."""

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
def restart_stack() -> Stack:
    """The stack of the `restart` group."""
    return get_stack("restart")


@pytest.fixture(scope="module")
def admin(restart_stack: Stack) -> dict[str, str]:
    """The headers of an admin."""
    organization = {"name": "Harbor Coach", "slug": "harbor", "timezone": "America/New_York", "currency": "USD"}
    person = {"email": "ana@harbor.example", "password": PASSWORD, "first_name": "Ana", "last_name": "Ruiz"}
    restart_stack.http.post("/auth/register", json={"organization": organization, "admin": person}).raise_for_status()
    return {"Authorization": f"Bearer {_login(restart_stack).raise_for_status().json()['access_token']}"}


def _login(restart_stack: Stack) -> httpx.Response:
    credentials = {"organization": "harbor", "email": "ana@harbor.example", "password": PASSWORD}
    return restart_stack.http.post("/auth/login", json=credentials)


def _invite(restart_stack: Stack, admin: dict[str, str], email: str) -> None:
    person = {"email": email, "role": "staff", "first_name": "Sam", "last_name": "Tran"}
    restart_stack.http.post("/users/invite", json=person, headers=admin).raise_for_status()


def _relay_reads(restart_stack: Stack, is_enabled: bool) -> None:
    """Enable or disable the relay's deliveries from the stream."""
    functions = restart_stack.client("lambda")
    mapping = functions.list_event_source_mappings(FunctionName=restart_stack.function("relay"))["EventSourceMappings"][
        0
    ]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=is_enabled)

    def is_switched() -> Any:
        state = functions.get_event_source_mapping(UUID=mapping["UUID"])["State"]
        return state == ("Enabled" if is_enabled else "Disabled")

    eventually(is_switched, 10)


def test_restart_delivers_events_not_read_before(restart_stack: Stack, admin: dict[str, str]) -> None:
    _invite(restart_stack, admin, "before@harbor.example")
    restart_stack.wait_for_mail("before@harbor.example")
    _relay_reads(restart_stack, False)
    _invite(restart_stack, admin, "unread@harbor.example")
    restart_stack.restart()
    assert restart_stack.mails("unread@harbor.example") == []
    _relay_reads(restart_stack, True)
    restart_stack.wait_for_mail("unread@harbor.example")


def test_restart_delivers_first_new_event(restart_stack: Stack, admin: dict[str, str]) -> None:
    restart_stack.restart()
    _invite(restart_stack, admin, "after@harbor.example")
    restart_stack.wait_for_mail("after@harbor.example")


def test_crash_keeps_saved_state(restart_stack: Stack, admin: dict[str, str]) -> None:
    emulator_process.save_state(restart_stack.config)
    pid = processes.running_pid(restart_stack.config, emulator_process.NAME)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not processes.is_port_in_use(restart_stack.config.port), 10)
    local.start_stack(restart_stack.config, with_demo=False)
    assert _login(restart_stack).status_code == httpx.codes.OK
    _invite(restart_stack, admin, "crash@harbor.example")
    restart_stack.wait_for_mail("crash@harbor.example")


def test_start_stack_running_changes_nothing(restart_stack: Stack) -> None:
    pid = processes.running_pid(restart_stack.config, emulator_process.NAME)
    before = restart_stack.config.stack_file.read_text()
    local.start_stack(restart_stack.config, with_demo=False)
    assert processes.running_pid(restart_stack.config, emulator_process.NAME) == pid
    assert restart_stack.config.stack_file.read_text() == before


def test_start_process_port_in_use_names_port(restart_stack: Stack) -> None:
    from infra.local.console import CommandError

    with pytest.raises(CommandError) as raised:
        processes.start(restart_stack.config, "another", ["true"], {}, restart_stack.config.port)
    assert str(restart_stack.config.port) in raised.value.message
    assert "COACHWAY_PORT" in raised.value.advice
