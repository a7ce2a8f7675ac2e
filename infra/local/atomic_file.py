"""Replace a file in one step: after a crash it has the old content or the new one, never a part."""

from __future__ import annotations

from pathlib import Path


def replace_file(file: Path, content: bytes) -> None:
    """Write `content` to a new file beside `file`, then rename it to `file`. After an OSError, `file` is as before."""
    scratch = file.with_name(f"{file.name}.new")
    scratch.write_bytes(content)
    scratch.replace(file)
