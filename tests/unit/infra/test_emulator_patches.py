"""Each patch of the emulator corrects a defect that MiniStack still has: `docs/emulator.md` lists them.

Every test asks MiniStack as it is published, and MiniStack with the patches. When the first answer is right, a new
release no longer needs the patch: remove it, its test and its section.
"""

from __future__ import annotations

import io
import json
import os
import random
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local import aws_clients, processes, python_environments
from infra.local.emulator import emulator_process
from infra.local.stack_config import REGION, StackConfig
from tests.stack import eventually

Json = dict[str, Any]
pytestmark = pytest.mark.xdist_group("emulator-patches")

ROLE = "arn:aws:iam::000000000000:role/any"
HANDLER = "def handler(event, context):\n    return event\n"
REQUESTS = 8 * (os.cpu_count() or 1)
"""How many requests of a function come at the same time."""
FUNCTIONS = 4
"""How many functions start at the same time."""
WAIT_SECONDS = 3.0
"""How long an execution must still be running to show that its timeout does not work."""


class Emulator:
    """A MiniStack process of the tests' own that checks permissions; its state survives `restart`."""

    def __init__(self, directory: Path, *, is_patched: bool) -> None:
        self.config = StackConfig(directory, _free_port())
        self.is_patched = is_patched
        self.start()
        self.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")

    def start(self) -> None:
        environment = {
            **emulator_process.environment_variables(self.config),
            "SFN_WAIT_SCALE": "0.001",
            "MINISTACK_PATCHES": "1" if self.is_patched else "0",
        }
        python = python_environments.ensure_environment("emulator") / "python"
        command = [str(python), "-m", "infra.local.emulator.emulator_server"]
        processes.start(self.config, emulator_process.NAME, command, environment, self.config.port)
        processes.wait_until_ready(self.config, emulator_process.NAME, f"{self.config.emulator_url}/_ministack/ready")

    def stop(self) -> None:
        emulator_process.stop(self.config)

    def restart(self) -> None:
        self.stop()
        self.start()

    def client(self, service: str) -> Any:
        """A client with the rights of the account's root."""
        return aws_clients.client(self.config, service)

    def client_with(self, service: str, action: str, resource: str) -> Any:
        """A client of a user who may only do `action` on `resource`."""
        iam, name = self.client("iam"), f"user-{service}"
        iam.create_user(UserName=name)
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return boto3.client(
            service,
            endpoint_url=self.config.emulator_url,
            region_name=REGION,
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """MiniStack as it is published."""
    emulator = Emulator(tmp_path_factory.mktemp("published"), is_patched=False)
    yield emulator
    emulator.stop()


@pytest.fixture(scope="module")
def patched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """MiniStack with our patches."""
    emulator = Emulator(tmp_path_factory.mktemp("patched"), is_patched=True)
    yield emulator
    emulator.stop()


def _create_function(emulator: Emulator, name: str, *layers: str, text: str = HANDLER) -> None:
    emulator.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=ROLE,
        Handler="index.handler",
        Code={"ZipFile": _zip("index.py", text=text)},
        Layers=list(layers),
        Environment={"Variables": {"VARIABLE": name}},
    )


def _zip(*names: str, text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, text)
    return packed.getvalue()


def _unpacked_copies(emulator: Emulator) -> int:
    """How many copies of a layer the workers of several functions unpack when they start at the same time."""
    functions = emulator.client("lambda")
    modules = [f"python/module_{number}.py" for number in range(300)]
    content = {"ZipFile": _zip(*modules, text="X = 1\n")}
    layer = functions.publish_layer_version(LayerName="shared", Content=content)["LayerVersionArn"]
    names = [f"function-{number}" for number in range(FUNCTIONS)]
    for name in names:
        _create_function(emulator, name, layer)
    with ThreadPoolExecutor(FUNCTIONS) as threads:
        responses = list(threads.map(lambda name: functions.invoke(FunctionName=name, Payload=b"{}"), names))
    assert all("FunctionError" not in response for response in responses)
    copies = list((emulator.config.directory / "tmp").glob("ministack-lambda-*/layer_0"))
    assert len(copies) == FUNCTIONS
    assert all(len(list(copy.glob("python/*.py"))) == len(modules) for copy in copies)
    return len({copy.resolve() for copy in copies})


def test_share_unpacked_archives_unpacks_a_layer_once(published: Emulator, patched: Emulator) -> None:
    assert _unpacked_copies(published) == FUNCTIONS
    assert _unpacked_copies(patched) == 1


IMPORTING_HANDLER = """
import os, sys
from pydantic import networks

def handler(event, context):
    if event.get("exit"):
        os._exit(1)
    print("a line of the log")
    return {
        "process": os.getpid(), "importer": networks.IMPORTER, "directory": os.getcwd(), "main": sys.argv[0],
        "path": sys.path, "name": os.environ["AWS_LAMBDA_FUNCTION_NAME"], "variable": os.environ["VARIABLE"],
    }
"""


def _create_importing_functions(emulator: Emulator, *names: str) -> None:
    """Functions with a layer whose package knows which process imported it."""
    text = "import os\nIMPORTER = os.getpid()\n"
    content = {"ZipFile": _zip("python/pydantic/__init__.py", "python/pydantic/networks.py", text=text)}
    layer = emulator.client("lambda").publish_layer_version(LayerName="packages", Content=content)
    for name in names:
        _create_function(emulator, name, layer["LayerVersionArn"], text=IMPORTING_HANDLER)


def _invoke(emulator: Emulator, name: str, **event: Any) -> Any:
    response = emulator.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return json.loads(response["Payload"].read())


def test_fork_workers_imports_packages_once_for_all_functions(published: Emulator, patched: Emulator) -> None:
    names = ("importing-1", "importing-2")
    for emulator in (published, patched):
        _create_importing_functions(emulator, *names)
    for name in names:
        result = _invoke(published, name)
        assert result["importer"] == result["process"]
    results = [_invoke(patched, name) for name in names]
    assert len({result["importer"] for result in results}) == 1
    assert len({results[0]["importer"], *(result["process"] for result in results)}) == 3
    for name, result in zip(names, results, strict=True):
        assert (result["name"], result["variable"]) == (name, name)
        assert Path(result["directory"]) == (Path(result["main"]).parent / "code").resolve()
        assert not any("infra" in entry for entry in result["path"])


def test_fork_workers_starts_another_worker_after_one_has_crashed(patched: Emulator) -> None:
    _create_importing_functions(patched, "crashing")
    crashed = _invoke(patched, "crashing")["process"]
    assert "errorMessage" in _invoke(patched, "crashing", exit=True)
    assert _invoke(patched, "crashing")["process"] != crashed


PROCESS_HANDLER = "import os, time\ndef handler(event, context):\n    time.sleep(0.5)\n    return os.getpid()\n"


def _count_workers(emulator: Emulator) -> int:
    """The number of processes that serve requests that come at the same time."""
    _create_function(emulator, "burst", text=PROCESS_HANDLER)
    with ThreadPoolExecutor(REQUESTS) as threads:
        return len(set(threads.map(lambda _: _invoke(emulator, "burst"), range(REQUESTS))))


def test_limit_workers_shares_them_in_a_burst(published: Emulator, patched: Emulator) -> None:
    assert _count_workers(patched) < _count_workers(published)


def _api_template(*paths: str) -> str:
    integration = {"type": "mock"}
    body = {
        "openapi": "3.0.1",
        "info": {"title": "probe", "version": "1"},
        "x-amazon-apigateway-binary-media-types": ["application/pdf"],
        "x-amazon-apigateway-gateway-responses": {"MISSING_AUTHENTICATION_TOKEN": {"statusCode": "404"}},
        "paths": {path: {"get": {"x-amazon-apigateway-integration": integration}} for path in paths},
    }
    properties = {"Name": "probe", "Body": body, "Tags": [{"Key": "ms-custom-id", "Value": "probe"}]}
    return json.dumps({"Resources": {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": properties}}})


def _binary_media_types(emulator: Emulator) -> list[str]:
    """The media types of an API whose definition names one."""
    emulator.client("cloudformation").create_stack(StackName="probe", TemplateBody=_api_template("/old"))
    api = eventually(lambda: _apis(emulator))[0]
    return list(api.get("binaryMediaTypes", []))


def _unknown_path_status(emulator: Emulator) -> str:
    """The status of the only API for unknown paths."""
    [api] = _apis(emulator)
    response = emulator.client("apigateway").get_gateway_response(
        restApiId=api["id"], responseType="MISSING_AUTHENTICATION_TOKEN"
    )
    return str(response["statusCode"])


def _apis(emulator: Emulator) -> list[Json]:
    return list(emulator.client("apigateway").get_rest_apis()["items"])


def _update_api(emulator: Emulator) -> tuple[str, list[str]]:
    """Give an API whose id is fixed by a tag another definition; the stack's status and the API's paths."""
    cloudformation = emulator.client("cloudformation")
    cloudformation.update_stack(StackName="probe", TemplateBody=_api_template("/new"))

    def final_status() -> str | None:
        status = str(cloudformation.describe_stacks(StackName="probe")["Stacks"][0]["StackStatus"])
        return None if status.endswith("IN_PROGRESS") else status

    status = eventually(final_status)
    paths = [
        resource["path"]
        for api in _apis(emulator)
        for resource in emulator.client("apigateway").get_resources(restApiId=api["id"])["items"]
    ]
    return status, sorted(paths)


def test_correct_api_definition_import_reads_the_whole_definition(published: Emulator, patched: Emulator) -> None:
    assert _binary_media_types(published) == []
    assert _binary_media_types(patched) == ["application/pdf"]
    assert [_unknown_path_status(emulator) for emulator in (published, patched)] == ["403", "404"]
    assert _update_api(published) != ("UPDATE_COMPLETE", ["/", "/new"])
    assert _update_api(patched) == ("UPDATE_COMPLETE", ["/", "/new"])
    assert _unknown_path_status(patched) == "404"


def _start_waiting(emulator: Emulator, name: str, **timeout: Any) -> tuple[str, str]:
    """Start an execution that sends a task token to a queue and waits; the execution's ARN and the queue's URL."""
    states, url = emulator.client("stepfunctions"), str(emulator.client("sqs").create_queue(QueueName=name)["QueueUrl"])
    wait = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": url, "MessageBody.$": "$$.Task.Token"},
        "End": True,
        **timeout,
    }
    definition = json.dumps({"StartAt": "Wait", "States": {"Wait": wait}})
    machine = states.create_state_machine(name=name, definition=definition, roleArn=ROLE)["stateMachineArn"]
    return str(states.start_execution(stateMachineArn=machine, input=json.dumps({"seconds": 300}))["executionArn"]), url


def _is_timed_out(emulator: Emulator, execution: str) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if emulator.client("stepfunctions").describe_execution(executionArn=execution)["status"] != "RUNNING":
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("timeout", [{"TimeoutSecondsPath": "$.seconds"}, {"TimeoutSeconds": 300}], ids=str)
def test_correct_callback_timeouts_ends_the_wait(published: Emulator, patched: Emulator, timeout: Json) -> None:
    name = next(iter(timeout))
    assert not _is_timed_out(published, _start_waiting(published, name, **timeout)[0])
    assert _is_timed_out(patched, _start_waiting(patched, name, **timeout)[0])


def _may_answer(emulator: Emulator) -> bool:
    """Whether a user who may answer the tasks of one state machine may do so."""
    execution, url = _start_waiting(emulator, "answered")
    machine = execution.replace(":execution:", ":stateMachine:").rpartition(":")[0]
    receive = emulator.client("sqs").receive_message
    token = eventually(lambda: receive(QueueUrl=url).get("Messages"))[0]["Body"]
    client = emulator.client_with("stepfunctions", "states:SendTaskSuccess", machine)
    return _is_allowed(lambda: client.send_task_success(taskToken=token, output="{}"))


def _is_allowed(call: Callable[[], object]) -> bool:
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"].startswith("AccessDenied"):
            return False
        raise
    return True


def test_authorize_task_tokens_on_the_state_machine(published: Emulator, patched: Emulator) -> None:
    assert not _may_answer(published)
    assert _may_answer(patched)


def _may_send_mail(emulator: Emulator) -> bool:
    """Whether a user who may send mail from one domain may do so."""
    emulator.client("ses").verify_domain_identity(Domain="coachway.example")
    identity = f"arn:aws:ses:{REGION}:000000000000:identity/coachway.example"
    client = emulator.client_with("ses", "ses:SendEmail", identity)
    message = {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "Hello"}}}
    destination = {"ToAddresses": ["ana@harbor.example"]}
    source = "CoachWay <hello@coachway.example>"
    return _is_allowed(lambda: client.send_email(Source=source, Destination=destination, Message=message))


def test_authorize_mail_senders_on_the_domain_identity(published: Emulator, patched: Emulator) -> None:
    assert not _may_send_mail(published)
    assert _may_send_mail(patched)


def _records_after_restart(emulator: Emulator) -> int:
    """How many stream records that no function has read survive an orderly restart."""
    table = emulator.client("dynamodb").create_table(
        TableName="probe",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    _create_function(emulator, "reader")
    emulator.client("lambda").create_event_source_mapping(
        EventSourceArn=table["LatestStreamArn"],
        FunctionName="reader",
        StartingPosition="TRIM_HORIZON",
        Enabled=False,
    )
    emulator.client("dynamodb").put_item(TableName="probe", Item={"pk": {"S": "unread"}})
    emulator.restart()
    assert emulator.client("dynamodb").get_item(TableName="probe", Key={"pk": {"S": "unread"}})["Item"]
    streams = emulator.client("dynamodbstreams")
    description = streams.describe_stream(StreamArn=table["LatestStreamArn"])["StreamDescription"]
    iterators = [
        streams.get_shard_iterator(
            StreamArn=table["LatestStreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        for shard in description["Shards"]
    ]
    return sum(len(streams.get_records(ShardIterator=iterator)["Records"]) for iterator in iterators)


def test_persist_unread_stream_records_over_a_restart(published: Emulator, patched: Emulator) -> None:
    assert _records_after_restart(published) == 0
    assert _records_after_restart(patched) == 1


def _free_port() -> int:
    for _ in range(100):
        port = random.randrange(31000, 32000)
        if not processes.is_port_in_use(port):
            return port
    raise AssertionError("no free port was found")
