"""Makes cold starts on Lambda faster. Does nothing elsewhere, as in tools and tests."""

import gc
import importlib.util
import os
import sys
from typing import Final

ON_LAMBDA: Final = "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def configure_runtime() -> None:
    """Configure the garbage collector and lazy imports. Call it before the first import of `coachway`."""
    # Imports create about 100,000 objects that are never freed. The collector would scan all of them repeatedly.
    gc.set_threshold(200_000, 20, 20)
    # PyJWT imports it for PEM certificates, which we do not use.
    _lazy_import("cryptography.x509")


def warm_up() -> None:
    """Create the DynamoDB client before the first request. Call it after the last import."""
    if not ON_LAMBDA:
        return
    from coachway.core.persistence.table import connection

    connection()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def _lazy_import(name: str) -> None:
    """Make a module load at its first use instead of at its import."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None or name in sys.modules:
        return
    spec.loader = loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    parent, _, own = name.rpartition(".")
    sys.modules[name] = module
    setattr(sys.modules[parent], own, module)
    loader.exec_module(module)
