"""`make platform-user`, as an operator runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

import pytest

from infra.local.stack_config import ROOT
from tests.stack import Stack
from tests.workflows.carrier import PASSWORD, Carrier


def command(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `make` runs."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT / 'layers/coachway/python'}:{ROOT}",
        "COACHWAY_HOME": str(stack.config.directory),
        "COACHWAY_PORT": str(stack.config.port),
        "TARGET": stack.config.target,
    }
    return subprocess.run(
        [sys.executable, "-m", "infra.local", "platform-user", *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def carrier(stack: Stack) -> Carrier:
    return Carrier.opened(stack)


def test_whoever_is_invited_by_it_runs_the_deployment(stack: Stack, carrier: Carrier) -> None:
    email = f"pia-{uuid.uuid4().hex[:8]}@coachway.example"
    done = command(stack, carrier.slug, email, "--name", "Pia Novak")
    assert done.returncode == 0, done.stderr
    link = done.stdout.split()[-1]
    assert link in stack.wait_for_mail(email)["BodyText"]
    answer = {"token": link.rpartition("/")[2], "password": PASSWORD}
    assert stack.http.post("/auth/invitations/accept", json=answer).status_code == 201
    who = {"organization": carrier.slug, "email": email, "password": PASSWORD}
    token = stack.http.post("/auth/login", json=who).raise_for_status().json()["access_token"]
    me = stack.http.get("/auth/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert (me["role"], me["first_name"], me["last_name"]) == ("platform", "Pia", "Novak")


def test_it_says_what_is_wrong(stack: Stack) -> None:
    done = command(stack, "nowhere", "pia@coachway.example")
    assert done.returncode == 1
    assert "there is no organization nowhere" in done.stderr
