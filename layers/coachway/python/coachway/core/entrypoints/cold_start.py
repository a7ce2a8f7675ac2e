"""The start of a function on Lambda, which somebody waits for: what costs time there and gains nothing.

Elsewhere (tools, tests) nothing of this happens.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
from typing import Final

ON_LAMBDA: Final = "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def configure_runtime() -> None:
    """Before the first import of the product."""
    # Imports make a hundred thousand objects that stay. The collector would go through all of them, again and again.
    gc.set_threshold(200_000, 20, 20)
    # PyJWT imports it for certificates in PEM, which nobody here gives it.
    _lazy_import("cryptography.x509")


def warm_up() -> None:
    """After the last import: DynamoDB's client is made now, not by the first request."""
    if not ON_LAMBDA:
        return
    from coachway.core.persistence.table import connection

    connection()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def _lazy_import(name: str) -> None:
    """Have a module execute when something in it is first used, however it was imported."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None or name in sys.modules:
        return
    spec.loader = loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    parent, _, own = name.rpartition(".")
    sys.modules[name] = module
    setattr(sys.modules[parent], own, module)
    loader.exec_module(module)
