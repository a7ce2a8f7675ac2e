"""The built layers and functions, unpacked as Lambda unpacks them, and the baseline with unpruned packages."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from infra.local import console
from infra.local.layers import builder
from infra.local.layers.definitions import VENDOR
from infra.local.stack_config import BUILD, ROOT

BASELINE: Final = Path(__file__).parent / "baseline"
LOCAL: Final = builder.Platform("local")
BASELINE_PACKAGES: Final = frozenset(
    {
        *("annotated-types", "botocore", "chalice", "jmespath", "pydantic", "pydantic-core", "pynamodb"),
        *("python-dateutil", "six", "typing-extensions", "typing-inspection", "urllib3"),
    }
)


@dataclass(frozen=True)
class UnpackedCode:
    """Directories to import from."""

    layers: Path
    """All layers together, as in a function's `/opt/python`."""
    functions: Path
    baseline: Path
    unpruned: Path
    """The baseline's packages at the same versions: complete and compiled."""


def unpack_code() -> UnpackedCode:
    """Build the layers that changed and unpack them."""
    archives = sorted(builder.build_layers(LOCAL).values())
    functions = _ensure_directory(f"functions-{builder.tree_digest(ROOT / 'functions')}", _copy_functions)
    baseline = _ensure_directory(f"baseline-{builder.tree_digest(BASELINE)}", _copy_baseline)
    pins = [pin for pin in builder.layer_requirements(VENDOR) if pin.partition("==")[0] in BASELINE_PACKAGES]
    unpruned = _ensure_directory(f"unpruned-{builder.digest(pins)}", partial(_install_packages, pins))
    names = builder.digest(archive.name for archive in archives)
    layers = _ensure_directory(f"layers-{names}", partial(_unzip, archives))
    return UnpackedCode(layers / "python", functions, baseline, unpruned)


def _ensure_directory(name: str, fill: Callable[[Path], None]) -> Path:
    """Create and fill a directory that does not exist yet; removes older ones of the same kind."""
    target = BUILD / "bench" / name
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=target.parent))
        fill(scratch)
        for old in target.parent.glob(f"{name.partition('-')[0]}-*"):
            shutil.rmtree(old, ignore_errors=True)
        scratch.rename(target)
    return target


def _copy_functions(target: Path) -> None:
    shutil.copytree(ROOT / "functions", target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    builder.precompile(target, LOCAL, "/var/task")


def _copy_baseline(target: Path) -> None:
    shutil.copy(BASELINE / "api.py", target)
    builder.precompile(target, LOCAL, "/var/task")


def _install_packages(pins: list[str], target: Path) -> None:
    with console.report_step("Installing the baseline's packages"):
        builder.install_packages(pins, target, LOCAL)
        builder.precompile(target, LOCAL, "/opt/python")


def _unzip(archives: list[Path], target: Path) -> None:
    for archive in archives:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(target)
