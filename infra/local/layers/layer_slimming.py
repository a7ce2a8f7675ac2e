"""Takes out of installed packages what a function on Lambda never needs."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from infra.local import console
from infra.local.layers.layer_definitions import ENDPOINT_PREFIXES, NOWHERE_NEEDED, Layer


def slim(tree: Path, layer: Layer) -> None:
    """Make a layer's packages as small as its recipe says."""
    _prune(tree, layer)
    _shorten_endpoints(tree)
    _shorten_descriptions(tree)
    for pattern in layer.strip:
        for library in tree.glob(pattern):
            _strip(library)


def _strip(library: Path) -> None:
    """Take a library's symbols out, which only debuggers read; LLVM's tool knows every machine, binutils' its own."""
    for tool in ("llvm-strip", "strip"):
        if shutil.which(tool):
            done = subprocess.run([tool, "--strip-unneeded", str(library)], capture_output=True, check=False)
            if done.returncode == 0:
                return
    console.line(f"{library.name} keeps its symbols: install llvm for a smaller layer")


def _prune(tree: Path, layer: Layer) -> None:
    unwanted = [path for pattern in layer.prune for path in tree.glob(pattern)]
    for directory, patterns in layer.keep.items():
        kept = {match for pattern in patterns for match in (tree / directory).glob(pattern)}
        unwanted += [entry for entry in (tree / directory).iterdir() if entry not in kept]
    unwanted += [path for path in tree.rglob("*") if path.is_dir() and path.name in NOWHERE_NEEDED]
    unwanted += [path for info in tree.glob("*.dist-info") for path in info.iterdir() if path.name != "METADATA"]
    unwanted += [path for suffix in ("pyi", "pxd", "h", "c") for path in tree.rglob(f"*.{suffix}")]
    for path in unwanted:
        _remove(path)


def _shorten_endpoints(tree: Path) -> None:
    """Leave of botocore's list of endpoints only the services that it still describes."""
    file = tree / "botocore" / "data" / "endpoints.json"
    if file.exists():
        endpoints = json.loads(file.read_text())
        for partition in endpoints["partitions"]:
            services = partition["services"]
            partition["services"] = {name: services[name] for name in services if name in ENDPOINT_PREFIXES}
        file.write_text(json.dumps(endpoints, separators=(",", ":")))


def _shorten_descriptions(tree: Path) -> None:
    """Leave of botocore's descriptions what it acts upon, uncompressed: a client reads them at every cold start."""
    for file in tree.glob("botocore/data/*/*/*.json.gz"):
        description = json.loads(gzip.decompress(file.read_bytes()))
        short = _undocumented(description)
        # botocore reads these texts, which it reads nowhere else, when it makes a client of S3.
        for parameter in short.get("clientContextParams", {}).values():
            parameter["documentation"] = ""
        file.with_suffix("").write_text(json.dumps(short, separators=(",", ":")))
        file.unlink()


def _undocumented(part: Any) -> Any:
    """Without prose. A shape's member may be called `documentation`, but is no text."""
    if isinstance(part, list):
        return [_undocumented(each) for each in part]
    if isinstance(part, dict):
        kept = {name: each for name, each in part.items() if name != "documentation" or not isinstance(each, str)}
        return {name: _undocumented(each) for name, each in kept.items()}
    return part


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
