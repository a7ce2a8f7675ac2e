"""Two organizations on a deployment: one with records, and another that must not see them."""

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
    """A deployment and its two organizations."""

    deployment: Deployment

    @cached_property
    def tenant(self) -> Tenant:
        return Tenant(self.deployment)

    @cached_property
    def other(self) -> Tenant:
        return Tenant(self.deployment)

    @cached_property
    def seeds(self) -> Seeds:
        """Records of the first organization, for tests that only read them."""
        return Seeds(self.tenant)

    @cached_property
    def tenant_with_records(self) -> Tenant:
        """The first organization, with at least two records of each simple kind."""
        for seeds in (Seeds(self.tenant), Seeds(self.tenant)):
            for name in ("api_key_id", "charter_id", "quote_id", "role_name", "user_id", "vendor_id"):
                assert seeds[name]
        return self.tenant


@pytest.fixture(scope="session")
def _sites() -> dict[str, Site]:
    return {}


@pytest.fixture
def site(_sites: dict[str, Site], request: pytest.FixtureRequest) -> Site:
    """The deployment that a test's parameter names: in this process or on a stack."""
    name = getattr(request, "param", "process")
    if name not in _sites:
        _sites[name] = Site(InProcess() if name == "process" else request.getfixturevalue(name))
    deployment = _sites[name].deployment
    if isinstance(deployment, InProcess):
        deployment.clear_caches()
    return _sites[name]


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
def tenant_with_records(site: Site) -> Tenant:
    return site.tenant_with_records


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the number of cases that fuzzing sent."""
    reports = [
        each
        for reports_of_outcome in terminalreporter.stats.values()
        for each in reports_of_outcome
        if isinstance(each, pytest.TestReport)
    ]
    counts = [dict(each.user_properties).get("cases") for each in reports if each.when == "teardown"]
    cases = sum(each for each in counts if isinstance(each, int))
    if cases:
        terminalreporter.write_line(f"fuzzing sent {cases:,} cases")
