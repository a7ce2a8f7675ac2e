"""Run `in_process_worker.py` on the built layers, with a table of its own on the stack's DynamoDB."""

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
from tests.load.unpacked_code import UnpackedCode

_FUNCTIONS = ("identity-api", "bookings-api", "relay", "messaging")
"""Functions that together have all environment variables."""


def function_environment(config: StackConfig) -> dict[str, str]:
    """The environment variables of the functions, and the address of the emulator. Passwords are hashed as on AWS."""
    client, variables = aws_clients.client(config, "lambda"), dict[str, str]()
    for name in _FUNCTIONS:
        function = client.get_function_configuration(FunctionName=f"coachway-{config.environment}-{name}")
        variables |= function["Environment"]["Variables"]
    del variables["PASSWORD_MEMORY_KIB"]
    return {
        "PATH": os.environ["PATH"],
        **variables,
        "AWS_ENDPOINT_URL": config.emulator_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@contextmanager
def temporary_table(config: StackConfig) -> Iterator[str]:
    """A table like the product's, but without a stream, so that nothing else runs during a measurement."""
    name = f"bench-{uuid.uuid4().hex[:8]}"
    client = aws_clients.client(config, "dynamodb")
    table_schema = schema(name)
    del table_schema["StreamSpecification"]
    client.create_table(**table_schema)
    try:
        yield name
    finally:
        client.delete_table(TableName=name)


def run_worker(config: StackConfig, code: UnpackedCode, table: str, measurement: str, **options: Any) -> Any:
    """Run a measurement of the worker in a fresh process on a table; returns its result."""
    with tempfile.TemporaryDirectory() as scratch:
        job = {
            "measurement": measurement,
            "layers": [str(code.layers)],
            "functions": str(code.functions),
            "baseline": str(code.baseline),
            "root": str(ROOT),
            **options,
        }
        file = Path(scratch) / "job.json"
        file.write_text(json.dumps(job))
        process = subprocess.run(
            [sys.executable, "-S", str(Path(__file__).with_name("in_process_worker.py")), str(file)],
            env={**function_environment(config), "TABLE_NAME": table, "BASELINE_TABLE": table},
            capture_output=True,
            text=True,
            check=False,
        )
    if process.returncode:
        raise RuntimeError(f"the measurement {measurement} failed:\n{process.stderr[-4000:]}")
    return json.loads(process.stdout)
