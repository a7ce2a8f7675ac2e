"""What a function does while it starts."""

from __future__ import annotations

import importlib
import json
import sys
from types import ModuleType

from coachway.core.entrypoints import cold_start


def test_a_postponed_module_executes_when_something_in_it_is_used() -> None:
    sys.modules.pop("json.tool", None)
    cold_start._lazy_import("json.tool")
    postponed = sys.modules["json.tool"]
    assert type(postponed) is not ModuleType
    assert importlib.import_module("json").tool is postponed
    assert callable(postponed.main)
    assert type(postponed) is ModuleType


def test_a_module_that_is_there_already_stays_as_it_is() -> None:
    cold_start._lazy_import("json.decoder")
    assert sys.modules["json.decoder"] is json.decoder
    assert type(json.decoder) is ModuleType
