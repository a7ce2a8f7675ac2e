"""Two organizations: this one, and another that wants to know about it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property

import pytest

from tests.security.in_process import Deployment, InProcess
from tests.security.seeds import Seeds
from tests.security.tenants import Tenant

collect_ignore = [] if "FUZZ_CASES" in os.environ else ["test_fuzz.py"]


@dataclass
class Site:
    """A deployment, and who uses it."""

    deployment: Deployment

    @cached_property
    def tenant(self) -> Tenant:
        return Tenant(self.deployment)

    @cached_property
    def other(self) -> Tenant:
        return Tenant(self.deployment)

    @cached_property
    def seeds(self) -> Seeds:
        """Things of this organization, for whoever only looks."""
        return Seeds(self.tenant)

    @cached_property
    def crowded(self) -> Tenant:
        """This organization, with two of everything that is easily made."""
        for seeds in (Seeds(self.tenant), Seeds(self.tenant)):
            for name in ("api_key_id", "charter_id", "quote_id", "role_name", "user_id", "vendor_id"):
                assert seeds[name]
        return self.tenant


@pytest.fixture(scope="session")
def _sites() -> dict[str, Site]:
    return {}


@pytest.fixture
def site(_sites: dict[str, Site], request: pytest.FixtureRequest) -> Site:
    """In this process, or on the stack that a test's parameter names."""
    where = getattr(request, "param", "process")
    if where not in _sites:
        _sites[where] = Site(InProcess() if where == "process" else request.getfixturevalue(where))
    deployment = _sites[where].deployment
    if isinstance(deployment, InProcess):
        deployment.clear_caches()
    return _sites[where]


@pytest.fixture
def tenant(site: Site) -> Tenant:
    return site.tenant


@pytest.fixture
def other(site: Site) -> Tenant:
    return site.other


@pytest.fixture
def seeds(site: Site) -> Seeds:
    return site.seeds


@pytest.fixture
def crowded(site: Site) -> Tenant:
    return site.crowded


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many cases the fuzzing sent."""
    reports = [each for some in terminalreporter.stats.values() for each in some if isinstance(each, pytest.TestReport)]
    counts = [dict(each.user_properties).get("cases") for each in reports if each.when == "teardown"]
    cases = sum(each for each in counts if isinstance(each, int))
    if cases:
        terminalreporter.write_line(f"fuzzing sent {cases:,} cases")
