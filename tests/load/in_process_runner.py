"""Starts `inside.py` on the built layers, against a table of its own on the stack's DynamoDB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coachway.core.persistence.table import schema
from infra.local import aws_clients
from infra.local.stack_config import REGION, ROOT, StackConfig
from tests.load.unpacked_code import Trees

_ALIKE = ("identity-api", "bookings-api", "relay", "messaging")
"""Functions whose variables, together, are all that there are."""


def environment(home: StackConfig) -> dict[str, str]:
    """The deployed functions' variables, and the emulator's address."""
    client, variables = aws_clients.client(home, "lambda"), dict[str, str]()
    for name in _ALIKE:
        configured = client.get_function_configuration(FunctionName=f"coachway-{home.environment}-{name}")
        variables |= configured["Environment"]["Variables"]
    return {
        "PATH": os.environ["PATH"],
        **variables,
        "AWS_ENDPOINT_URL": home.emulator_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@contextmanager
def table(home: StackConfig) -> Iterator[str]:
    """A table like the product's, but without a stream: nothing else works while we measure."""
    name = f"bench-{uuid.uuid4().hex[:8]}"
    client = aws_clients.client(home, "dynamodb")
    wanted = schema(name)
    del wanted["StreamSpecification"]
    client.create_table(**wanted)
    try:
        yield name
    finally:
        client.delete_table(TableName=name)


def run(home: StackConfig, trees: Trees, table_name: str, measure: str, **more: Any) -> Any:
    """Do one job of `inside.py` in a fresh process on a table, and return what it found."""
    with tempfile.TemporaryDirectory() as scratch:
        job = {
            "measure": measure,
            "layers": [str(trees.opt)],
            "functions": str(trees.functions),
            "floor": str(trees.floor),
            "root": str(ROOT),
            **more,
        }
        file = Path(scratch) / "job.json"
        file.write_text(json.dumps(job))
        done = subprocess.run(
            [sys.executable, "-S", str(Path(__file__).with_name("in_process.py")), str(file)],
            env={**environment(home), "TABLE_NAME": table_name, "FLOOR_TABLE": table_name},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"the measurement {measure} failed:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout)
