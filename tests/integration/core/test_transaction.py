"""The check that a transaction writes only records of the caller's organization."""

from __future__ import annotations

import pytest

from coachway.core import store
from coachway.core.persistence.operations import Create, Remove, Update
from coachway.core.types import ids
from tests.integration.core.task_builders import CALLER, NOW, Task


def test_commit_of_another_organizations_record_raises_runtime_error() -> None:
    other = Task(id=ids.new("tsk"), org_id="org_01K3ZV8N6Y3T5G7H9J1M2P4R6T", due=NOW)
    for op in (Create(other), Update(other, other), Remove(other)):
        with pytest.raises(RuntimeError, match="cannot be written for org_01K3ZV8N6Y3T5G7H9J1M2P4R6S"):
            store.commit(CALLER, op)
    assert store.find(Task, other.key()) is None
