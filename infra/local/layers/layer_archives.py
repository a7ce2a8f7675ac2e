"""The layers: third-party packages from `uv.lock`, pruned to what Lambda needs, compiled, and zipped.

For the emulator they are built for the interpreter at hand, for AWS for the runtime that it will run on (on arm64).
A build is named by everything that goes into it, so an unchanged layer is never built, uploaded or published twice.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.local import console
from infra.local.layers import layer_slimming
from infra.local.layers.layer_definitions import LAYERS, NOWHERE_NEEDED, Layer
from infra.local.python_environments import UV
from infra.local.stack_config import BUILD, ROOT

PACKAGE: Final = ROOT / "layers" / "coachway" / "python"


@dataclass(frozen=True)
class Platform:
    """Which interpreter the packages are for. `local` is the one that runs this."""

    name: str
    python: str = f"{sys.version_info.major}.{sys.version_info.minor}"
    machine: str = ""

    @classmethod
    def aws(cls, runtime: str) -> Platform:
        """Lambda's arm64 image of a runtime such as `python3.13`."""
        return cls("aws", runtime.removeprefix("python"), "aarch64-manylinux_2_28")

    @classmethod
    def linux(cls, runtime: str) -> Platform:
        """LocalStack's image of a runtime on this kind of machine."""
        machine = "aarch64" if os.uname().machine in {"arm64", "aarch64"} else "x86_64"
        return cls("linux", runtime.removeprefix("python"), f"{machine}-manylinux_2_28")

    @property
    def is_local(self) -> bool:
        return not self.machine


def requirements(layer: Layer) -> list[str]:
    """The pinned requirements of a layer, from `uv.lock`, less those of the layer below it."""
    below = {_name(pin) for pin in _export(layer.below)} if layer.below else set()
    return [pin for pin in _export(layer.group) if _name(pin) not in below | {*layer.unused}]


def _name(pin: str) -> str:
    return pin.partition("==")[0]


def _export(group: str) -> list[str]:
    done = subprocess.run(
        [
            str(UV),
            "export",
            "--only-group",
            group,
            "--frozen",
            "--no-hashes",
            "--no-emit-project",
            "--no-annotate",
            "-q",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if line and not line.startswith("#")]


def digest(parts: Iterable[str]) -> str:
    """A short name for what went into a build."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def sources(directory: Path) -> Iterator[Path]:
    """Every source file below a directory, in a fixed order, without what Python leaves there."""
    found = (path for path in directory.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    yield from sorted(path for path in found if path.suffix != ".pyc")


def tree_digest(*roots: Path) -> str:
    """A short name for the content of files and directories."""
    parts = []
    for root in roots:
        for file in sources(root) if root.is_dir() else [root]:
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            parts += [f"{file.relative_to(ROOT)} {content}"]
    return digest(parts)


def build(platform: Platform) -> dict[str, Path]:
    """Zips of every layer for a platform, by name; only what changed is built."""
    return {**{layer.name: _vendored(layer, platform) for layer in LAYERS}, "coachway": _product(platform)}


def _vendored(layer: Layer, platform: Platform) -> Path:
    pins = requirements(layer)
    rules = [
        platform.name,
        platform.python,
        platform.machine,
        sys.version,
        repr(layer),
        repr(sorted(NOWHERE_NEEDED)),
        *pins,
    ]
    target = BUILD / f"{layer.name}-{platform.name}-{digest(rules)}.zip"
    if target.exists():
        return target
    scratch = tempfile.TemporaryDirectory(prefix=f"{layer.name}-", dir=_scratch())
    with (
        console.step(f"Building the layer {layer.name} for {platform.name} (Python {platform.python})"),
        scratch as made,
    ):
        tree = Path(made) / "python"
        _install(pins, tree, platform)
        layer_slimming.slim(tree, layer)
        precompile(tree, platform, "/opt/python")
        if platform.is_local:
            _try(layer, tree)
        _zip(Path(made), target, platform)
    return target


def _product(platform: Platform) -> Path:
    target = BUILD / f"coachway-{platform.name}-{digest([platform.python, sys.version, tree_digest(PACKAGE)])}.zip"
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(prefix="coachway-", dir=_scratch()) as scratch:
        tree = Path(scratch) / "python"
        shutil.copytree(PACKAGE, tree, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        precompile(tree, platform, "/opt/python")
        _zip(Path(scratch), target, platform)
    return target


def _scratch() -> Path:
    scratch = BUILD / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    return scratch


def _install(pins: list[str], tree: Path, platform: Platform) -> None:
    foreign = ["--python-platform", platform.machine, "--python-version", platform.python]
    where = ["--python", sys.executable] if platform.is_local else foreign
    plainly = ["--quiet", "--no-deps", "--only-binary", ":all:", "--link-mode", "copy"]
    done = subprocess.run(
        [str(UV), "pip", "install", *plainly, "--target", str(tree), *where, "-r", "-"],
        input="\n".join(pins),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise console.Failed(
            f"packages could not be installed:\n{done.stderr.strip()}", "check the network or the package cache"
        )


def interpreter(platform: Platform) -> str | None:
    """A Python that compiles for the platform, or None when this machine has none of that version."""
    if platform.python == Platform("local").python:
        return sys.executable
    ask = "import sys; print(*sys.version_info[:2], sep='.')"
    pyenv = Path.home().glob(f".pyenv/versions/{platform.python}*/bin/python")
    for candidate in (f"python{platform.python}", *(str(path) for path in sorted(pyenv))):
        try:
            done = subprocess.run([candidate, "-c", ask], capture_output=True, text=True, check=False)
        except OSError:
            continue
        if done.stdout.strip() == platform.python:
            return candidate
    return None


def precompile(tree: Path, platform: Platform, seen_as: str) -> None:
    """Compile ahead, to be trusted unchecked: the largest single gain at a cold start. Traces name `seen_as`."""
    python = interpreter(platform)
    if python is None:
        console.line(f"no Python {platform.python} here to compile with: it ships uncompiled, and starts more slowly")
        return
    options = ["-qq", "--invalidation-mode", "unchecked-hash", "-s", str(tree), "-p", seen_as]
    subprocess.run([python, "-m", "compileall", *options, str(tree)], check=False)


def _try(layer: Layer, tree: Path) -> None:
    """A pruned layer must still import what it is for, with nothing beside it but the layer below."""
    paths = [str(tree)]
    if layer.below:
        below = next(other for other in LAYERS if other.group == layer.below)
        unpacked = tree.parent / "below"
        with zipfile.ZipFile(_vendored(below, Platform("local"))) as packed:
            packed.extractall(unpacked)
        paths.append(str(unpacked / "python"))
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys\nsys.path[:0] = {paths!r}\n{layer.trial}"],
        env={"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    shutil.rmtree(tree.parent / "below", ignore_errors=True)
    if done.returncode:
        raise console.Failed(
            f"the layer {layer.name} lost something that it needs:\n{done.stderr}",
            "correct it in infra/local/layers/layer_definitions.py",
        )


def _zip(tree: Path, target: Path, platform: Platform) -> None:
    """Zip with fixed dates, so that equal content is an equal file.

    Stored, not deflated, for the emulator, which unpacks it at every cold start.
    """
    part = target.with_name(f"{target.name}.{os.getpid()}")
    method = zipfile.ZIP_STORED if platform.is_local else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(part, "w", method) as packed:
        for file in sorted(p for p in tree.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(str(file.relative_to(tree)), (2020, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            entry.compress_type = method
            packed.writestr(entry, file.read_bytes())
    part.replace(target)


def sizes(platform: Platform) -> dict[str, int]:
    """Bytes of every layer once unpacked."""
    result = {}
    for name, archive in build(platform).items():
        with zipfile.ZipFile(archive) as packed:
            result[name] = sum(entry.file_size for entry in packed.infolist())
    return result
