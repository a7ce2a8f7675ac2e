"""What MiniStack 1.5.33 does otherwise than AWS, put right where the stack depends on it. Runs in its environment."""

from __future__ import annotations

import hashlib
import json
import tempfile
import threading
import zipfile
from contextvars import ContextVar
from email.utils import parseaddr
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

from ministack.core import iam_actions, lambda_runtime
from ministack.services import stepfunctions
from ministack.services.cloudformation import provisioners


def name_sending_identities() -> None:
    """Authorize a mail on the identity of its sender's domain.

    With `AUTH=true` MiniStack asks for the right to send from everything (`*`).
    """
    resource_of = iam_actions.extract_resource_arn

    def named(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
        if service == "ses":
            form = parse_qs((body or b"").decode("utf-8", "replace"))
            if form.get("Action", [""])[0].startswith("Send") and "Source" in form:
                region, account = rest[1], rest[2]
                domain = parseaddr(form["Source"][0])[1].rpartition("@")[2]
                return f"arn:aws:ses:{region}:{account}:identity/{domain}"
        return str(resource_of(service, method, path, headers, body, *rest))

    iam_actions.extract_resource_arn = named


def read_apis_whole() -> None:
    """Take a REST API's binary media types from its definition, and import a changed definition into the same API.

    MiniStack reads only paths of a definition. For a changed one it makes a second API before it removes the first,
    and refuses it when the id is given by a tag; AWS does as PutRestApi with `overwrite`.
    """
    gateway = provisioners._apigw_v1
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RestApi"]
    create, update = handlers["create"], handlers["update"]

    def whole(properties: dict[str, Any]) -> dict[str, Any]:
        body = properties.get("Body") or {}
        types = body.get("x-amazon-apigateway-binary-media-types", [])
        return {**properties, "BinaryMediaTypes": properties.get("BinaryMediaTypes") or types}

    def create_whole(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        return create(logical_id, whole(properties), stack)

    def update_in_place(api: str, old: dict[str, Any], new: dict[str, Any], stack: str, logical_id: str = "") -> Any:
        body = new.get("Body")
        if isinstance(body, dict) and body != old.get("Body"):
            resources = gateway._resources[api]
            for name in [name for name, resource in resources.items() if resource["path"] != "/"]:
                del resources[name]
            for root in resources.values():
                root["resourceMethods"] = {}
            for path, item in (body.get("paths") or {}).items():
                gateway._import_path_item(api, path, item)
        return update(api, {**whole(old), "Body": body}, whole(new), stack, logical_id)

    handlers.update(create=create_whole, update=update_in_place)


class Unzipped(zipfile.ZipFile):
    """An archive that is unzipped once for all workers: the directory of each is a link to the one that was made."""

    _one_at_a_time = threading.Lock()

    def namelist(self) -> list[str]:
        """Nothing: it is asked for names that lead out of the directory, and those `extractall` sees to."""
        return []

    def extractall(self, path: Any = None, *_: Any) -> None:
        """Make the empty directory `path` a link to the contents, which no worker changes; the archive itself goes."""
        contents = repr([(each.filename, each.CRC, each.file_size) for each in self.infolist()])
        shared = Path(tempfile.gettempdir()) / f"unzipped-{hashlib.sha256(contents.encode()).hexdigest()[:32]}"
        with self._one_at_a_time:
            if not shared.exists():
                scratch = Path(tempfile.mkdtemp(prefix="unzipping-"))
                super().extractall(scratch, super().namelist())
                scratch.rename(shared)
        Path(path).rmdir()
        Path(path).symlink_to(shared)
        Path(str(self.filename)).unlink()


def unzip_once() -> None:
    """Start a function in a fraction of the time.

    MiniStack unzips the code and all layers for every worker: two seconds of processor time, and 100 MB on disk.
    """
    lambda_runtime.zipfile = SimpleNamespace(
        ZipFile=Unzipped, BadZipFile=zipfile.BadZipFile, LargeFileError=zipfile.LargeZipFile
    )


def wait_as_told() -> None:
    """Take the time that a task may wait for its token from `TimeoutSecondsPath`, and shorten it as `Wait` states are.

    MiniStack reads `TimeoutSeconds` only, and applies `SFN_WAIT_SCALE` to `Wait` states and retries only.
    """
    execute = stepfunctions._execute_task

    def executed(state: dict[str, Any], given: Any, execution: Any, context: Any) -> Any:
        if "TimeoutSecondsPath" in state:
            state = {**state, "TimeoutSeconds": stepfunctions._resolve_path(state["TimeoutSecondsPath"], given)}
        if ".waitForTaskToken" in state.get("Resource", "") and "TimeoutSeconds" in state:
            state = {**state, "TimeoutSeconds": state["TimeoutSeconds"] * stepfunctions._SFN_WAIT_SCALE}
        return execute(state, given, execution, context)

    stepfunctions._execute_task = executed


def know_whose_token() -> None:
    """Authorize the answer to a task's token on the state machine that waits.

    With `AUTH=true` MiniStack asks for the right to answer everything (`*`).
    """
    execute, call, resource_of = (
        stepfunctions._execute_task,
        stepfunctions._invoke_with_callback,
        iam_actions.extract_resource_arn,
    )
    flow, flows = ContextVar("flow", default=""), dict[str, str]()

    def executed(state: dict[str, Any], given: Any, execution: Any, context: Any) -> Any:
        flow.set(execution["stateMachineArn"])
        return execute(state, given, execution, context)

    def called(resource: str, given: Any, token: str, state: dict[str, Any]) -> Any:
        flows[token] = flow.get()
        try:
            return call(resource, given, token, state)
        finally:
            del flows[token]

    def named(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
        if service == "states" and b'"taskToken"' in (body or b""):
            known = flows.get(json.loads(body)["taskToken"])
            if known:
                return known
        return str(resource_of(service, method, path, headers, body, *rest))

    stepfunctions._execute_task = executed
    stepfunctions._invoke_with_callback = called
    iam_actions.extract_resource_arn = named


def apply() -> None:
    """All of them."""
    unzip_once()
    name_sending_identities()
    read_apis_whole()
    wait_as_told()
    know_whose_token()
