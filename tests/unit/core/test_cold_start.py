"""Lazy imports at the cold start of a function."""

from __future__ import annotations

import importlib
import json
import sys
from types import ModuleType

from coachway.core.entrypoints import cold_start


def test_lazy_import_executes_module_on_first_use() -> None:
    sys.modules.pop("json.tool", None)
    cold_start._lazy_import("json.tool")
    lazy_module = sys.modules["json.tool"]
    assert type(lazy_module) is not ModuleType
    assert importlib.import_module("json").tool is lazy_module
    assert callable(lazy_module.main)
    assert type(lazy_module) is ModuleType


def test_lazy_import_of_imported_module_changes_nothing() -> None:
    cold_start._lazy_import("json.decoder")
    assert sys.modules["json.decoder"] is json.decoder
    assert type(json.decoder) is ModuleType
