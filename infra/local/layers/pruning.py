"""Remove from installed packages what a function on Lambda never needs."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from infra.local import console
from infra.local.layers.definitions import ENDPOINT_PREFIXES, UNUSED_DIRECTORIES, Layer


def prune_layer(tree: Path, layer: Layer) -> None:
    """Remove what the layer's definition excludes, and shorten the data of botocore."""
    _remove_unused(tree, layer)
    _shorten_endpoint_list(tree)
    _shorten_service_descriptions(tree)
    for pattern in layer.strip:
        for library in tree.glob(pattern):
            _strip_symbols(library)


def _strip_symbols(library: Path) -> None:
    """Remove a library's symbols, which only debuggers need; LLVM's tool works for other architectures too."""
    for tool in ("llvm-strip", "strip"):
        if shutil.which(tool):
            process = subprocess.run([tool, "--strip-unneeded", str(library)], capture_output=True, check=False)
            if process.returncode == 0:
                return
    console.print_line(f"The symbols of {library.name} could not be removed: install llvm for a smaller layer")


def _remove_unused(tree: Path, layer: Layer) -> None:
    unwanted = [path for pattern in layer.prune for path in tree.glob(pattern)]
    for directory, patterns in layer.keep.items():
        keep = {match for pattern in patterns for match in (tree / directory).glob(pattern)}
        unwanted += [entry for entry in (tree / directory).iterdir() if entry not in keep]
    unwanted += [path for path in tree.rglob("*") if path.is_dir() and path.name in UNUSED_DIRECTORIES]
    unwanted += [path for info in tree.glob("*.dist-info") for path in info.iterdir() if path.name != "METADATA"]
    unwanted += [path for suffix in ("pyi", "pxd", "h", "c") for path in tree.rglob(f"*.{suffix}")]
    for path in unwanted:
        _remove_path(path)


def _shorten_endpoint_list(tree: Path) -> None:
    """Keep in botocore's list of endpoints only the services that the product uses."""
    file = tree / "botocore" / "data" / "endpoints.json"
    if file.exists():
        endpoints = json.loads(file.read_text())
        for partition in endpoints["partitions"]:
            services = partition["services"]
            partition["services"] = {name: services[name] for name in services if name in ENDPOINT_PREFIXES}
        file.write_text(json.dumps(endpoints, separators=(",", ":")))


def _shorten_service_descriptions(tree: Path) -> None:
    """Remove documentation from botocore's service descriptions and store them uncompressed.

    A client reads them at every cold start."""
    for file in tree.glob("botocore/data/*/*/*.json.gz"):
        description = json.loads(gzip.decompress(file.read_bytes()))
        short = _without_documentation(description)
        # botocore requires these texts when it creates an S3 client.
        for parameter in short.get("clientContextParams", {}).values():
            parameter["documentation"] = ""
        file.with_suffix("").write_text(json.dumps(short, separators=(",", ":")))
        file.unlink()


def _without_documentation(part: Any) -> Any:
    """Remove documentation texts, but not a shape's member that is called `documentation`."""
    if isinstance(part, list):
        return [_without_documentation(item) for item in part]
    if isinstance(part, dict):
        members = {name: value for name, value in part.items() if name != "documentation" or not isinstance(value, str)}
        return {name: _without_documentation(value) for name, value in members.items()}
    return part


def _remove_path(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
