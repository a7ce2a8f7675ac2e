"""Loads Lambda entries, which all have the same few names."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final

ROOT: Final = Path(__file__).parent.parent
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
