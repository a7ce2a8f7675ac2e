"""The command `make platform-user`."""

from __future__ import annotations

import subprocess
import sys
import uuid

import pytest

from infra.local import processes
from infra.local.stack_config import ROOT
from tests.stack import Stack
from tests.workflows.organization_builders import PASSWORD, Operator


def run_platform_user(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as `make` does."""
    environment = {
        **processes.inherited_environment(),
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
def operator(stack: Stack) -> Operator:
    return Operator.create(stack)


def test_platform_user_invitation_creates_platform_user(stack: Stack, operator: Operator) -> None:
    email = f"pia-{uuid.uuid4().hex[:8]}@coachway.example"
    result = run_platform_user(stack, operator.slug, email, "--name", "Pia Novak")
    assert result.returncode == 0, result.stderr
    link = result.stdout.split()[-1]
    assert link in stack.wait_for_mail(email)["BodyText"]
    body = {"token": link.rpartition("/")[2], "password": PASSWORD}
    assert stack.http.post("/auth/invitations/accept", json=body).status_code == 201
    credentials = {"organization": operator.slug, "email": email, "password": PASSWORD}
    token = stack.http.post("/auth/login", json=credentials).raise_for_status().json()["access_token"]
    me = stack.http.get("/auth/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert (me["role"], me["first_name"], me["last_name"]) == ("platform", "Pia", "Novak")


def test_platform_user_unknown_organization_prints_error(stack: Stack) -> None:
    result = run_platform_user(stack, "nowhere", "pia@coachway.example")
    assert result.returncode == 1
    assert "There is no organization with the slug nowhere." in result.stderr
