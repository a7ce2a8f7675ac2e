"""Build the directory that `sam` deploys: the template, compiled functions, and the layers for one platform.

It is separate from the sources, so that no deployment takes a layer of another platform. Its name is a digest of its
content and it appears in one rename, so that deployments at the same time do not disturb each other.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from infra.local.deployment import docs_site
from infra.local.layers import builder
from infra.local.stack_config import BUILD, ROOT

TEMPLATE = "template.yaml"
PARTS = ("functions", "infra", "statemachines")
EXCLUDED = ("local", "localstack", "base.yaml", "base_observability.yaml", "functions.toml", "grants.yaml")
"""In `infra/`: local tools, and what the templates are generated from."""
MAX_PACKAGES = 6


def build_package(platform: builder.Platform) -> Path:
    """The package for a platform, built if its content is new."""
    archives = builder.build_layers(platform)
    sources = [ROOT / TEMPLATE, *_deployed_sources()]
    names = [path.name for path in archives.values()]
    digest = builder.digest([builder.tree_digest(*sources), docs_site.site_digest(), *names])
    package = BUILD / "stages" / f"{platform.name}-{digest}"
    if not package.exists():
        package.parent.mkdir(parents=True, exist_ok=True)
        _create_package(package, platform, archives)
        _remove_old_packages(package.parent)
    return package


def _deployed_sources() -> Iterator[Path]:
    """The files and directories that a deployment takes from the sources."""
    for part in PARTS:
        if (ROOT / part).is_dir():
            yield from (entry for entry in sorted((ROOT / part).iterdir()) if entry.name not in EXCLUDED)


def _create_package(package: Path, platform: builder.Platform, archives: dict[str, Path]) -> None:
    scratch = Path(tempfile.mkdtemp(prefix="building-", dir=package.parent))
    shutil.copy(ROOT / TEMPLATE, scratch)
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", *EXCLUDED)
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, scratch / part, ignore=ignored)
    docs_site.write_site(scratch / "functions" / "docs" / "site")
    builder.precompile(scratch / "functions", platform, "/var/task")
    (scratch / "layers").mkdir()
    for name, archive in archives.items():
        os.link(archive, scratch / "layers" / f"{name}.zip")
    try:
        scratch.rename(package)
    except OSError:
        shutil.rmtree(scratch)


def _remove_old_packages(packages: Path) -> None:
    """Remove all but the newest packages."""
    for package in sorted(packages.iterdir(), key=lambda path: path.stat().st_mtime)[:-MAX_PACKAGES]:
        shutil.rmtree(package, ignore_errors=True)
