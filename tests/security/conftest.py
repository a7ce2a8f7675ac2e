"""Two organizations on the shared stack: this one, and another that wants to know about it."""

from __future__ import annotations

import pytest

from tests.security.seeds import Seeds
from tests.security.tenants import Tenant
from tests.stack import Stack


@pytest.fixture(scope="session")
def tenant(stack: Stack) -> Tenant:
    return Tenant(stack)


@pytest.fixture(scope="session")
def other(stack: Stack) -> Tenant:
    return Tenant(stack)


@pytest.fixture(scope="session")
def seeds(tenant: Tenant) -> Seeds:
    """Things of this organization, for whoever only looks."""
    return Seeds(tenant)


@pytest.fixture(scope="session")
def strict_tenant(strict_stack: Stack) -> Tenant:
    """An organization where a grant that is missing fails."""
    return Tenant(strict_stack)


@pytest.fixture(scope="session")
def strict_seeds(strict_tenant: Tenant) -> Seeds:
    return Seeds(strict_tenant)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many cases the fuzzing sent."""
    reports = [each for some in terminalreporter.stats.values() for each in some if isinstance(each, pytest.TestReport)]
    counts = [dict(each.user_properties).get("cases") for each in reports if each.when == "teardown"]
    cases = sum(each for each in counts if isinstance(each, int))
    if cases:
        terminalreporter.write_line(f"fuzzing sent {cases:,} cases")
