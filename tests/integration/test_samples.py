"""Lambda functions handle the recorded inputs in `events/samples`, from the gateway, the stream or a queue."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import boto3
import pytest

from coachway.core.entrypoints import outbox_relay
from coachway.core.http.routing import ApiRouter
from coachway.identity.model.permissions import PERMISSIONS
from infra.local.deployment import docs_site
from tests.integration.billing.stripe_sandbox import Sandbox, sandbox, sandbox_process
from tests.integration.client import token_for
from tests.integration.messaging.message_services import ORG, SentMessages, sent_messages
from tests.samples import SAMPLES, read_sample
from tests.template import functions
from tools.function_modules import list_api_entries, load

__all__ = ["sandbox", "sandbox_process", "sent_messages"]


WITHOUT_VALID_SIGNATURE = {"BidsWebhookFunction", "BillingWebhookFunction"}
"""Functions whose sample is signed with the secret of another deployment."""
WITHOUT_RECORD = {
    "BidsApiFunction",
    "BidsPagesFunction",
    "BillingApiFunction",
    "BillingPapersFunction",
    "BillingPayablesFunction",
    "BillingPagesFunction",
    "BillingPaymentsFunction",
    "BillingRefundsFunction",
    "BookingsPagesFunction",
    "DispatchApiFunction",
    "DispatchTrackingFunction",
    "IdentityPagesFunction",
}
"""Functions whose sample names a record of the deployment in which it was recorded."""
WITH_SESSION = {"IdentityLogoFunction"}
"""Functions whose routes all read the session of the caller, which the table of these tests does not have."""


class Context:
    """The context object that Lambda passes to a function."""

    function_name = "sample"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:sample"
    aws_request_id = "sample"


def find_entry(function: str) -> tuple[str, str, str]:
    """The capability, module and name of a function's handler."""
    module, _, name = functions()[function]["Handler"].partition(".")
    return Path(functions()[function]["CodeUri"]).name, module, name


def load_handler(function: str) -> Any:
    capability, module, name = find_entry(function)
    return getattr(load(capability, module), name)


def read_function_sample(function: str) -> Any:
    """The sample, with a valid token and the organization of these tests; a made-up request if there is no sample."""
    token = token_for(" ".join(PERMISSIONS), org_id=ORG)
    capability, module, _ = find_entry(function)
    if not has_sample(function):
        return build_request(load(capability, module).api, token)
    sample = read_sample(f"{capability}/{module}", {"access_token": token})
    for record in sample.get("Records", []):
        if record["eventSource"] == "aws:sqs":
            message = json.loads(record["body"])
            message["detail"]["org_id"] = ORG
            record["body"] = json.dumps(message)
    return sample


def has_sample(function: str) -> bool:
    """Whether an input of the function was recorded."""
    capability, module, _ = find_entry(function)
    return (SAMPLES / capability / f"{module}.json").exists()


def build_request(api: ApiRouter, token: str) -> Any:
    """A request for one route of an entry, in the form in which the gateway sends it."""
    route = min(api.routes, key=lambda each: (each.method != "GET", "{" in each.path))
    sample = read_sample("clients/api", {"access_token": token})
    parameters = dict.fromkeys(re.findall(r"{(\w+)}", route.path), "unknown")
    path = route.path.format_map(parameters)
    sample |= {"resource": route.path, "path": path, "httpMethod": route.method, "pathParameters": parameters or None}
    sample |= {"queryStringParameters": None, "multiValueQueryStringParameters": None}
    sample["requestContext"] |= {"resourcePath": route.path, "path": f"/live{path}", "httpMethod": route.method}
    return sample


def functions_with_source(source: str) -> list[str]:
    """The functions with an event source of this type and a sample."""
    sources = {name: {event["Type"] for event in each.get("Events", {}).values()} for name, each in functions().items()}
    return [name for name, types in sources.items() if source in types and has_sample(name)]


@pytest.mark.parametrize("function", [entry.function for entry in list_api_entries()])
def test_api_function_answers_a_request(
    function: str, sent_messages: SentMessages, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs_site.write_site(tmp_path)
    monkeypatch.setattr(load("docs", "api"), "SITE", tmp_path)
    response = load_handler(function)(read_function_sample(function), Context())
    expected = {401} if function in WITHOUT_VALID_SIGNATURE else {404} if function in WITHOUT_RECORD else {200}
    without_sample = {401} if function in WITH_SESSION else {200, 404}
    assert response["statusCode"] in (expected if has_sample(function) else without_sample), response["body"]
    assert response["headers"]["X-Request-Id"]


@pytest.mark.parametrize("function", functions_with_source("Schedule"))
def test_timer_function_runs_its_jobs(function: str, sent_messages: SentMessages, sandbox: Sandbox) -> None:
    results = load_handler(function)(read_function_sample(function), Context())
    counts = [
        each for result in results.values() for each in (result.values() if isinstance(result, dict) else [result])
    ]
    assert counts
    assert sum(counts) == (1 if function == "IdentityScheduleFunction" else 0), (
        "the table is empty, so only the first signing key is created"
    )


@pytest.mark.parametrize("function", functions_with_source("SQS"))
def test_consumer_function_handles_a_message(function: str, sent_messages: SentMessages) -> None:
    assert load_handler(function)(read_function_sample(function), Context()) == {"batchItemFailures": []}


def test_messaging_function_sends_the_invitation_of_its_sample(sent_messages: SentMessages) -> None:
    load_handler("MessagingFunction")(read_function_sample("MessagingFunction"), Context())
    assert [mail["To"] for mail in sent_messages.mails] == ['"Sam Ruiz" <invited@harbor.example>']


def test_relay_publishes_the_events_of_its_sample(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    boto3.client("events").create_event_bus(Name="sample")
    monkeypatch.setenv("BUS_NAME", "sample")
    outbox_relay._get_aws_client.cache_clear()
    sample = read_function_sample("RelayFunction")
    assert outbox_relay.relay(sample["Records"]) == len(sample["Records"])
    load_handler("RelayFunction")(sample, Context())
    outbox_relay._get_aws_client.cache_clear()
