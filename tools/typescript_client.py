"""Checks that openapi-typescript generates a client from `docs/openapi.json`, and that TypeScript accepts it.

python -m tools.typescript_client
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from infra.local import console, python_environments
from infra.local.stack_config import ENVIRONMENTS
from tools.functions import ROOT

PACKAGES: Final = ROOT / "tools/typescript"
"""`package.json` and its lock file."""
DOCUMENT: Final = ROOT / "docs/openapi.json"


def check() -> None:
    """Generate and compile the client. Raises CommandError if that fails, or if a generator warns."""
    node_directory = _node_directory()
    directory = ENVIRONMENTS / "typescript"
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PACKAGES / name, directory / name)
    environment = {**os.environ, "PATH": f"{node_directory}{os.pathsep}{os.environ['PATH']}"}
    commands = directory / "node_modules/.bin"
    _run([str(node_directory / "npm"), "ci", "--silent", "--no-audit", "--no-fund"], directory, environment)
    output = _run([str(commands / "openapi-typescript"), str(DOCUMENT), "-o", "client.ts"], directory, environment)
    if "⚠" in output or "warn" in output.lower():
        raise console.CommandError(f"openapi-typescript warns:\n{output}", "correct tools/openapi.py")
    _run([str(commands / "tsc"), "--noEmit", "--strict", "client.ts"], directory, environment)


def _node_directory() -> Path:
    """The directory of node and npm: those of the machine, else of the environment `node`."""
    npm = shutil.which("npm")
    return Path(npm).parent if npm else python_environments.ensure_environment("node")


def _run(command: list[str], directory: Path, environment: dict[str, str]) -> str:
    completed = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    output = completed.stdout + completed.stderr
    if completed.returncode:
        raise console.CommandError(f"{Path(command[0]).name} failed:\n{output.strip()}", "correct tools/openapi.py")
    return output


def main() -> int:
    """Check, and report a failure."""
    try:
        check()
    except console.CommandError as failure:
        print(failure, file=sys.stderr)
        return 1
    print("openapi-typescript and tsc accept docs/openapi.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
