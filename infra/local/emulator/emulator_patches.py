"""Corrections of MiniStack 1.5.33 where it differs from AWS. `docs/emulator.md` describes each of them.

Runs in the emulator's environment, which has no other package of ours. `tests/unit/infra/test_emulator_patches.py`
fails for a patch that a later MiniStack no longer needs.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
import tempfile
import threading
import time
import zipfile
from email.utils import parseaddr
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Final, Self

from ministack.core import iam_actions, lambda_runtime
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import dynamodb, lambda_svc, stepfunctions
from ministack.services.cloudformation import provisioners

from infra.local.emulator import forked_workers

Json = dict[str, Any]

MAX_ZIP_COMMENT: Final = 65_557
"""The end of a ZIP archive that contains the position of its list of files: 22 bytes and the longest comment."""
WORKERS_AT_ONCE: Final = max(2, os.cpu_count() or 1)
"""How many workers of a function start without delay. More at the same time would only share the processors."""


def apply() -> None:
    """Apply every patch. Call it before the server starts."""
    share_unpacked_archives()
    fork_workers()
    limit_workers()
    correct_api_definition_import()
    correct_callback_timeouts()
    authorize_task_tokens()
    authorize_mail_senders()
    persist_unread_stream_records()


class SharedArchive:
    """An archive that is unpacked once for all workers, also those after a restart of the emulator.

    Each worker's directory is a link to the shared one, which is named after the archive's list of files and checksums.
    Only the first worker parses the archive.
    """

    _unpacking: ClassVar = threading.Lock()

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""

    def namelist(self) -> list[str]:
        """Return no names: MiniStack only looks for names that leave the directory, and `extractall` removes those."""
        return []

    def extractall(self, directory: str) -> None:
        """Replace an empty directory by a link to the unpacked content, then delete the archive."""
        shared = Path(os.environ["UNPACKED_DIR"]) / hashlib.sha256(_read_file_list(self._path)).hexdigest()[:32]
        with self._unpacking:
            if shared.exists():
                _record_use(shared)
            else:
                self._unpack(shared)
        Path(directory).rmdir()
        Path(directory).symlink_to(shared)
        self._path.unlink()

    def _unpack(self, shared: Path) -> None:
        scratch = Path(tempfile.mkdtemp())
        with zipfile.ZipFile(self._path) as archive:
            archive.extractall(scratch)
        _record_use(scratch)
        try:
            scratch.rename(shared)
        except OSError:  # Another emulator that shares the directory was faster.
            shutil.rmtree(scratch)


def _record_use(directory: Path) -> None:
    """Set the time of the last use: `emulator_process` deletes what was not used for long."""
    now = time.time()  # Not left out, because tests shift the clock of processes, not the kernel's.
    os.utime(directory, (now, now))


def _read_file_list(archive: Path) -> bytes:
    """The central directory of a ZIP archive: the names, sizes and checksums of its files."""
    with archive.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - MAX_ZIP_COMMENT))
        tail = file.read()
        end = tail.rfind(b"PK\x05\x06")
        if end < 0:
            raise zipfile.BadZipFile("File is not a zip file")
        size, offset = struct.unpack_from("<LL", tail, end + 12)
        file.seek(offset)
        return file.read(size)


def share_unpacked_archives() -> None:
    """Unpack each code archive and layer once instead of once per worker: two seconds and 100 MB each."""
    lambda_runtime.zipfile = SimpleNamespace(
        ZipFile=SharedArchive, BadZipFile=zipfile.BadZipFile, LargeFileError=zipfile.LargeZipFile
    )


def fork_workers() -> None:
    """Fork the workers of Python functions from a process that has imported what they all import."""
    if forked_workers.IS_SUPPORTED:
        lambda_runtime.subprocess = SimpleNamespace(
            Popen=forked_workers.start_worker,
            PIPE=subprocess.PIPE,
            STDOUT=subprocess.STDOUT,
            DEVNULL=subprocess.DEVNULL,
        )


def limit_workers() -> None:
    """Let a request wait for a free worker of its function: another one starts for each second that it has waited.

    A worker takes longer to start than most requests take, and fifty that start at the same time on one machine take
    longer than the timeout of the function.
    """
    original = lambda_svc.acquire_worker

    def acquire_worker(*arguments: Any, **options: Any) -> Any:
        began = time.monotonic()
        while True:
            limit = WORKERS_AT_ONCE + int(time.monotonic() - began)
            worker, state = original(*arguments, **options, max_concurrency=limit)
            if worker is not None:
                return worker, state
            time.sleep(0.01)

    lambda_svc.acquire_worker = acquire_worker


def correct_api_definition_import() -> None:
    """Read media types and gateway responses of an OpenAPI definition; import a changed one into the same API."""
    gateway = provisioners._apigw_v1
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RestApi"]
    original_create, original_update = handlers["create"], handlers["update"]

    def with_media_types(properties: Json) -> Json:
        media_types = (properties.get("Body") or {}).get("x-amazon-apigateway-binary-media-types", [])
        return {"BinaryMediaTypes": media_types, **properties}

    def import_gateway_responses(api_id: str, body: Json | None) -> None:
        for name, response in ((body or {}).get("x-amazon-apigateway-gateway-responses") or {}).items():
            gateway._put_gateway_response(api_id, name, response)

    def create(logical_id: str, properties: Json, stack: str) -> Any:
        api_id, attributes = original_create(logical_id, with_media_types(properties), stack)
        import_gateway_responses(api_id, properties.get("Body"))
        return api_id, attributes

    def update(api_id: str, old: Json, new: Json, stack: str, logical_id: str = "") -> Any:
        body = new.get("Body")
        if isinstance(body, dict) and body != old.get("Body"):
            resources = gateway._resources[api_id]
            [root_id] = [name for name, resource in resources.items() if resource["path"] == "/"]
            gateway._resources[api_id] = {root_id: {**resources[root_id], "resourceMethods": {}}}
            for path, item in (body.get("paths") or {}).items():
                gateway._import_path_item(api_id, path, item)
            import_gateway_responses(api_id, body)
        # With equal bodies the original updates the API itself instead of replacing it.
        return original_update(
            api_id, with_media_types({**old, "Body": body}), with_media_types(new), stack, logical_id
        )

    handlers.update(create=create, update=update)


def correct_callback_timeouts() -> None:
    """Honor `TimeoutSecondsPath`, and apply `SFN_WAIT_SCALE` to the time that a task waits for its token."""
    original = stepfunctions._execute_task

    def execute_task(state: Json, raw_input: Any, execution: Json, context: Json) -> Any:
        if "TimeoutSecondsPath" in state:
            seconds = stepfunctions._resolve_path(state["TimeoutSecondsPath"], raw_input)
            state = {**state, "TimeoutSeconds": seconds}
        if ".waitForTaskToken" in state.get("Resource", "") and "TimeoutSeconds" in state:
            state = {**state, "TimeoutSeconds": state["TimeoutSeconds"] * stepfunctions._SFN_WAIT_SCALE}
        return original(state, raw_input, execution, context)

    stepfunctions._execute_task = execute_task


def authorize_task_tokens() -> None:
    """Authorize `SendTask…` on the state machine whose task waits for the token, instead of on `*`."""
    original_task, original_arn = stepfunctions._execute_task, iam_actions.extract_resource_arn
    contexts: dict[int, Json] = {}

    def execute_task(state: Json, raw_input: Any, execution: Json, context: Json) -> Any:
        contexts[id(context)] = context
        try:
            return original_task(state, raw_input, execution, context)
        finally:
            contexts.pop(id(context), None)

    def extract_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
        token = iam_actions._safe_json_field(body, "taskToken") if service == "states" else None
        for context in list(contexts.values()):
            if token and context.get("Task", {}).get("Token") == token:
                return str(context["StateMachine"]["Id"])
        return str(original_arn(service, method, path, headers, body, *rest))

    stepfunctions._execute_task = execute_task
    iam_actions.extract_resource_arn = extract_resource_arn


def authorize_mail_senders() -> None:
    """Authorize `ses:SendEmail` on the identity of the sender's domain, instead of on `*`."""
    original = iam_actions.extract_resource_arn

    def extract_resource_arn(
        service: str, method: str, path: str, headers: Any, body: bytes, query: Json, region: str, account_id: str
    ) -> str:
        source = iam_actions._query_param(query, "Source") if service == "ses" else None
        if source:
            domain = parseaddr(source)[1].rpartition("@")[2]
            return f"arn:aws:ses:{region}:{account_id}:identity/{domain}"
        return str(original(service, method, path, headers, body, query, region, account_id))

    iam_actions.extract_resource_arn = extract_resource_arn


def persist_unread_stream_records() -> None:
    """Save the stream records that a function has not read yet, instead of only how many it has read.

    After a restart the streams begin with the unread records, so the saved positions no longer apply.
    """
    original_state, original_load = dynamodb.get_state, dynamodb.load_persisted_state
    original_lambda_state = lambda_svc.get_state

    def get_state() -> Json:
        return {**original_state(), "unread_stream_records": _unread_stream_records()}

    def load_persisted_state(data: Json) -> None:
        original_load(data)
        dynamodb._stream_records.update(data.get("unread_stream_records", {}))

    dynamodb.get_state, dynamodb.load_persisted_state = get_state, load_persisted_state
    lambda_svc.get_state = lambda: {**original_lambda_state(), "dynamodb_stream_positions": {}}


def _unread_stream_records() -> Any:
    unread = AccountRegionScopedDict()
    for (account_id, region, _), mapping in lambda_svc._esms.all_items():
        source = mapping.get("EventSourceArn", "")
        if ":dynamodb:" in source:
            table = source.partition(":table/")[2].partition("/")[0]
            position = lambda_svc._dynamodb_stream_positions.get_scoped(account_id, region, mapping["UUID"], 0)
            start = dynamodb.stream_start_position(table, account_id=account_id, region=region)
            records = dynamodb.stream_live_records(table, account_id=account_id, region=region)
            unread.set_scoped(account_id, region, table, records[max(0, position - start) :])
    return unread
