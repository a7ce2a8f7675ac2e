"""A directory as `sam` wants to find it: the template, compiled functions, and the layers of one platform.

Kept apart from the sources so that no deployment can pick up a layer of the wrong machine.
Named by its content and made in one move: two deployments at once do not disturb each other.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from infra.local.deployment import docs_site
from infra.local.layers import layer_archives
from infra.local.stack_config import BUILD, ROOT

TEMPLATE = "template.yaml"
PARTS = ("functions", "infra", "statemachines")
TOOLS = ("local", "localstack")
KEPT = 6


def build(platform: layer_archives.Platform) -> Path:
    """The staged directory for a platform, made if this content was never staged before."""
    archives = layer_archives.build(platform)
    sources = [ROOT / TEMPLATE, *_deployed()]
    names = [path.name for path in archives.values()]
    name = layer_archives.digest([layer_archives.tree_digest(*sources), docs_site.digest(), *names])
    target = BUILD / "stages" / f"{platform.name}-{name}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        _make(target, platform, archives)
        _prune(target.parent)
    return target


def _deployed() -> Iterator[Path]:
    """What a deployment takes from the sources."""
    for part in PARTS:
        if (ROOT / part).is_dir():
            yield from (entry for entry in sorted((ROOT / part).iterdir()) if entry.name not in TOOLS)


def _make(target: Path, platform: layer_archives.Platform, archives: dict[str, Path]) -> None:
    scratch = Path(tempfile.mkdtemp(prefix="making-", dir=target.parent))
    shutil.copy(ROOT / TEMPLATE, scratch)
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(
                ROOT / part,
                scratch / part,
                ignore=shutil.ignore_patterns("__pycache__", "*.pyc", *TOOLS),
            )
    docs_site.place(scratch / "functions" / "docs" / "site")
    layer_archives.precompile(scratch / "functions", platform, "/var/task")
    (scratch / "layers").mkdir()
    for name, archive in archives.items():
        os.link(archive, scratch / "layers" / f"{name}.zip")
    try:
        scratch.rename(target)
    except OSError:
        shutil.rmtree(scratch)


def _prune(stages: Path) -> None:
    """Forget all but the newest stages."""
    for old in sorted(stages.iterdir(), key=lambda each: each.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
