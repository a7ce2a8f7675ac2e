"""Loads the entry modules of Lambda functions by path, since many of them have the same file name."""

from __future__ import annotations

import importlib.util
import pkgutil
import sys
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Final

import coachway
from coachway.core.http.routing import ApiRouter
from tools.functions import ROOT, functions

FUNCTIONS: Final = ROOT / "functions"


@cache
def load(capability: str, entry: str) -> ModuleType:
    """The module `functions/<capability>/<entry>.py`."""
    name = f"functions_{capability}_{entry}"
    spec = importlib.util.spec_from_file_location(name, FUNCTIONS / capability / f"{entry}.py")
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True, slots=True)
class Entry:
    """The entry module of a function with routes."""

    capability: str
    name: str
    api: ApiRouter

    @property
    def function(self) -> str:
        """The logical id of the function in `template.yaml`."""
        return f"{functions()[self.capability, self.name].logical_id}Function"


def list_api_entries() -> list[Entry]:
    """All entries with routes, ordered by path."""
    entries = []
    for path in sorted(FUNCTIONS.glob("*/*.py")):
        module = load(path.parent.name, path.stem)
        api = getattr(module, "api", None)
        if isinstance(api, ApiRouter):
            entries.append(Entry(path.parent.name, path.stem, api))
    return entries


def import_everything() -> None:
    """Import all modules of the product, so that all declarations are registered."""
    for module in pkgutil.walk_packages(coachway.__path__, "coachway."):
        importlib.import_module(module.name)
    for path in sorted(FUNCTIONS.glob("*/*.py")):
        load(path.parent.name, path.stem)
