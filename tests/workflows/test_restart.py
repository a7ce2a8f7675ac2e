"""The emulator keeps its state over a restart, and its saved state over a crash."""

from __future__ import annotations

import os
import signal
from functools import partial
from typing import Any

import httpx
import pytest

from infra.local import processes
from infra.local import stack as local
from infra.local.console import CommandError
from infra.local.emulator import emulator_process
from tests.stack import Stack, eventually, get_stack
from tests.workflows.billing_builders import KEY, BillingOrganization

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


def _crash(restart_stack: Stack) -> None:
    """Kill the emulator, then start the stack again as `make up` does."""
    pid = processes.running_pid(restart_stack.config, emulator_process.NAME)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not processes.is_port_in_use(restart_stack.config.port), 10)
    local.start_stack(restart_stack.config, with_demo=False)


def test_crash_loses_no_change_older_than_interval(
    restart_stack: Stack, admin: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAVE_INTERVAL", "0.2")
    restart_stack.restart()
    before = emulator_process.saved_state(restart_stack.config).resolve()
    _invite(restart_stack, admin, "crash@harbor.example")
    invited = restart_stack.http.get("/users", headers=admin).json()["items"]

    def is_saved() -> bool:
        """Whether two snapshots began since: the first may have begun before the invitation."""
        table = emulator_process.saved_state(restart_stack.config) / "dynamodb.json"
        return table.resolve().parent != before and "crash@harbor.example" in table.read_text()

    eventually(is_saved, 20)
    monkeypatch.setenv("SAVE_INTERVAL", "0")
    _crash(restart_stack)
    assert _login(restart_stack).status_code == httpx.codes.OK
    assert restart_stack.http.get("/users", headers=admin).json()["items"] == invited


def test_crash_repeated_payment_is_charged_once(restart_stack: Stack) -> None:
    billing = BillingOrganization.create(restart_stack)
    charter_id = billing.create_booked_charter()["id"]
    emulator_process.save_state(restart_stack.config)
    body = {"charter_id": charter_id, "amount": 100, "payment_method_id": "pm_card_visa"}
    call = partial(billing.operator.call, "POST", "/payments/process", body, **{"Idempotency-Key": "payment-1"})
    first = call()
    assert first["status"] == "succeeded"
    _crash(restart_stack)
    assert billing.operator.list_all("/payments") == []
    assert call()["status"] == "succeeded"
    intents = httpx.get(
        f"{restart_stack.config.stripe_url}/v1/payment_intents", headers={"authorization": f"Bearer {KEY}"}, timeout=60
    ).json()["data"]
    assert [intent["metadata"]["subject_id"] for intent in intents].count(charter_id) == 1


def test_save_impossible_is_reported_and_keeps_previous_state(restart_stack: Stack) -> None:
    config = restart_stack.config
    before = emulator_process.saved_state(config).resolve()
    snapshots = before.parent
    snapshots.rename(snapshots.with_name("kept"))
    snapshots.write_text("no directory")
    try:
        with pytest.raises(CommandError) as raised:
            local.stop_stack(config)
        assert "could not be saved" in raised.value.message
        assert processes.running_pid(config, emulator_process.NAME) is not None
        assert emulator_process.read_save_error(config)
    finally:
        snapshots.unlink()
        snapshots.with_name("kept").rename(snapshots)
    assert emulator_process.saved_state(config).resolve() == before
    emulator_process.save_state(config)
    assert emulator_process.read_save_error(config) == ""


def test_start_stack_running_changes_nothing(restart_stack: Stack) -> None:
    pid = processes.running_pid(restart_stack.config, emulator_process.NAME)
    before = restart_stack.config.stack_file.read_text()
    local.start_stack(restart_stack.config, with_demo=False)
    assert processes.running_pid(restart_stack.config, emulator_process.NAME) == pid
    assert restart_stack.config.stack_file.read_text() == before


def test_start_process_port_in_use_names_port(restart_stack: Stack) -> None:
    with pytest.raises(CommandError) as raised:
        processes.start(restart_stack.config, "another", ["true"], {}, restart_stack.config.port)
    assert str(restart_stack.config.port) in raised.value.message
    assert "COACHWAY_PORT" in raised.value.advice
