"""Build the archives of the layers: packages from `uv.lock`, pruned to what Lambda needs, compiled and zipped.

For the emulator they are built for this interpreter, for AWS for its arm64 runtime. The name of an archive is a digest
of everything that goes into it, so an unchanged layer is never built, uploaded or published twice.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.local import console
from infra.local.layers import pruning
from infra.local.layers.definitions import LAYERS, UNUSED_DIRECTORIES, Layer
from infra.local.python_environments import UV
from infra.local.stack_config import BUILD, ROOT

PACKAGE: Final = ROOT / "layers" / "coachway" / "python"


@dataclass(frozen=True)
class Platform:
    """The interpreter and machine that packages are built for; `local` is this interpreter."""

    name: str
    python: str = f"{sys.version_info.major}.{sys.version_info.minor}"
    machine: str = ""

    @classmethod
    def aws(cls, runtime: str) -> Platform:
        """Lambda on arm64 with a runtime such as `python3.13`."""
        return cls("aws", runtime.removeprefix("python"), "aarch64-manylinux_2_28")

    @classmethod
    def linux(cls, runtime: str) -> Platform:
        """LocalStack's image of a runtime, on this machine's architecture."""
        machine = "aarch64" if os.uname().machine in {"arm64", "aarch64"} else "x86_64"
        return cls("linux", runtime.removeprefix("python"), f"{machine}-manylinux_2_28")

    @property
    def is_local(self) -> bool:
        return not self.machine


def layer_requirements(layer: Layer) -> list[str]:
    """The pinned requirements of a layer from `uv.lock`, without those of its base layer."""
    base = {_package_name(pin) for pin in _export(layer.base_group)} if layer.base_group else set()
    return [pin for pin in _export(layer.group) if _package_name(pin) not in base | {*layer.unused}]


def _package_name(pin: str) -> str:
    return pin.partition("==")[0]


def _export(group: str) -> list[str]:
    process = subprocess.run(
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
    return [line for line in process.stdout.splitlines() if line and not line.startswith("#")]


def digest(parts: Iterable[str]) -> str:
    """A short digest of the parts of a build."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def source_files(directory: Path) -> Iterator[Path]:
    """All source files below a directory in a fixed order, without bytecode."""
    files = (path for path in directory.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    yield from sorted(path for path in files if path.suffix != ".pyc")


def tree_digest(*roots: Path) -> str:
    """A short digest of the content of files and directories."""
    parts = []
    for root in roots:
        for file in source_files(root) if root.is_dir() else [root]:
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            parts += [f"{file.relative_to(ROOT)} {content}"]
    return digest(parts)


def build_layers(platform: Platform) -> dict[str, Path]:
    """Build the layers that changed; returns the archive of every layer by name."""
    archives = {layer.name: _archive_path(layer, platform) for layer in LAYERS}
    changed = [layer for layer in LAYERS if not archives[layer.name].exists()]
    if changed:
        names = ", ".join(layer.name for layer in changed)
        with console.report_step(f"Building the layers {names} for {platform.name} (Python {platform.python})"):
            # Layers are checked together with their base layer.
            for has_base in (False, True):
                layers = [layer for layer in changed if bool(layer.base_group) is has_base]
                with ThreadPoolExecutor() as threads:
                    list(threads.map(lambda layer: _build_packages(layer, platform, archives), layers))
    return {**archives, "coachway": _build_product(platform)}


def _archive_path(layer: Layer, platform: Platform) -> Path:
    parts = [
        platform.name,
        platform.python,
        platform.machine,
        sys.version,
        repr(layer),
        repr(sorted(UNUSED_DIRECTORIES)),
        *layer_requirements(layer),
    ]
    return BUILD / f"{layer.name}-{platform.name}-{digest(parts)}.zip"


def _build_packages(layer: Layer, platform: Platform, archives: Mapping[str, Path]) -> None:
    with tempfile.TemporaryDirectory(prefix=f"{layer.name}-", dir=_scratch_directory()) as directory:
        tree = Path(directory) / "python"
        install_packages(layer_requirements(layer), tree, platform)
        pruning.prune_layer(tree, layer)
        precompile(tree, platform, "/opt/python")
        if platform.is_local:
            _check_imports(layer, tree, archives)
        _zip(Path(directory), archives[layer.name], platform)


def _build_product(platform: Platform) -> Path:
    target = BUILD / f"coachway-{platform.name}-{digest([platform.python, sys.version, tree_digest(PACKAGE)])}.zip"
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(prefix="coachway-", dir=_scratch_directory()) as scratch:
        tree = Path(scratch) / "python"
        shutil.copytree(PACKAGE, tree, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        precompile(tree, platform, "/opt/python")
        _zip(Path(scratch), target, platform)
    return target


def _scratch_directory() -> Path:
    scratch = BUILD / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    return scratch


def install_packages(pins: list[str], tree: Path, platform: Platform) -> None:
    other_platform = ["--python-platform", platform.machine, "--python-version", platform.python]
    target = ["--python", sys.executable] if platform.is_local else other_platform
    options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--link-mode", "copy"]
    process = subprocess.run(
        [str(UV), "pip", "install", *options, "--target", str(tree), *target, "-r", "-"],
        input="\n".join(pins),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        raise console.CommandError(
            f"the packages of a layer could not be installed:\n{process.stderr.strip()}",
            "check the network or the package cache",
        )


def find_interpreter(platform: Platform) -> str | None:
    """A Python of the platform's version on this machine, or None."""
    if platform.python == Platform("local").python:
        return sys.executable
    query = "import sys; print(*sys.version_info[:2], sep='.')"
    pyenv = Path.home().glob(f".pyenv/versions/{platform.python}*/bin/python")
    for candidate in (f"python{platform.python}", *(str(path) for path in sorted(pyenv))):
        try:
            process = subprocess.run([candidate, "-c", query], capture_output=True, text=True, check=False)
        except OSError:
            continue
        if process.stdout.strip() == platform.python:
            return candidate
    return None


def precompile(tree: Path, platform: Platform, runtime_path: str) -> None:
    """Compile the sources to bytecode that Python loads without checks, for faster cold starts.

    Tracebacks show the files below `runtime_path`.
    """
    python = find_interpreter(platform)
    if python is None:
        console.print_line(
            f"Python {platform.python} is not installed: the code is deployed uncompiled and starts more slowly"
        )
        return
    options = ["-qq", "--invalidation-mode", "unchecked-hash", "-s", str(tree), "-p", runtime_path]
    subprocess.run([python, "-m", "compileall", *options, str(tree)], check=False)


def _check_imports(layer: Layer, tree: Path, archives: Mapping[str, Path]) -> None:
    """Run the layer's import check with only this layer and its base layer."""
    paths = [str(tree)]
    if layer.base_group:
        base = next(other for other in LAYERS if other.group == layer.base_group)
        unpacked = tree.parent / "base"
        with zipfile.ZipFile(archives[base.name]) as packed:
            packed.extractall(unpacked)
        paths.append(str(unpacked / "python"))
    process = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys\nsys.path[:0] = {paths!r}\n{layer.import_check}"],
        env={"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    shutil.rmtree(tree.parent / "base", ignore_errors=True)
    if process.returncode:
        raise console.CommandError(
            f"the layer {layer.name} misses something that it needs:\n{process.stderr}",
            "correct it in infra/local/layers/definitions.py",
        )


def _zip(tree: Path, target: Path, platform: Platform) -> None:
    """Zip with fixed dates, so that equal content gives an equal file.

    Without compression for the emulator, which unpacks it at cold starts.
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


def layer_sizes(platform: Platform) -> dict[str, int]:
    """The unpacked size of every layer in bytes."""
    result = {}
    for name, archive in build_layers(platform).items():
        with zipfile.ZipFile(archive) as packed:
            result[name] = sum(entry.file_size for entry in packed.infolist())
    return result
