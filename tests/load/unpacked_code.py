"""The built layers and functions, unpacked as Lambda unpacks them; and the floor's packages as they come."""

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
from infra.local.layers import layer_archives
from infra.local.layers.layer_definitions import VENDOR
from infra.local.stack_config import BUILD, ROOT

FLOOR: Final = Path(__file__).parent / "floor"
LOCAL: Final = layer_archives.Platform("local")
FLOOR_NEEDS: Final = frozenset(
    {
        *("annotated-types", "botocore", "chalice", "jmespath", "pydantic", "pydantic-core", "pynamodb"),
        *("python-dateutil", "six", "typing-extensions", "typing-inspection", "urllib3"),
    }
)


@dataclass(frozen=True)
class Trees:
    """Directories to import from."""

    opt: Path
    """All layers together, as in a function's `/opt/python`."""
    functions: Path
    floor: Path
    plain: Path
    """The floor's packages at the same versions, unpruned, compiled."""


def unpack() -> Trees:
    """Build what is missing; unpack what changed."""
    archives = layer_archives.build_layers(LOCAL)
    functions = _once(f"functions-{layer_archives.tree_digest(ROOT / 'functions')}", _functions)
    floor = _once(f"floor-{layer_archives.tree_digest(FLOOR)}", _floor)
    pins = [pin for pin in layer_archives.layer_requirements(VENDOR) if pin.partition("==")[0] in FLOOR_NEEDS]
    plain = _once(f"plain-{layer_archives.digest(pins)}", partial(_plain, pins))
    zips = sorted(archives.values())
    opt = _once(f"opt-{layer_archives.digest(archive.name for archive in zips)}", partial(_unzip, zips))
    return Trees(opt / "python", functions, floor, plain)


def _once(name: str, make: Callable[[Path], None]) -> Path:
    target = BUILD / "bench" / name
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=target.parent))
        make(scratch)
        for old in target.parent.glob(f"{name.partition('-')[0]}-*"):
            shutil.rmtree(old, ignore_errors=True)
        scratch.rename(target)
    return target


def _functions(target: Path) -> None:
    shutil.copytree(ROOT / "functions", target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    layer_archives.precompile(target, LOCAL, "/var/task")


def _floor(target: Path) -> None:
    shutil.copy(FLOOR / "api.py", target)
    layer_archives.precompile(target, LOCAL, "/var/task")


def _plain(pins: list[str], target: Path) -> None:
    with console.report_step("Installing the floor's packages as they come"):
        layer_archives.install_packages(pins, target, LOCAL)
        layer_archives.precompile(target, LOCAL, "/opt/python")


def _unzip(archives: list[Path], target: Path) -> None:
    for archive in archives:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(target)
