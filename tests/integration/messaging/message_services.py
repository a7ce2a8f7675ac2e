"""The services that send messages: SES by moto, and a Twilio sandbox."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from typing import Any

import boto3
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from coachway.core import file_storage, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.identity.model.organization import Branding, Organization
from coachway.messaging.channels import email, sms
from infra.local.sandboxes import twilio_sandbox
from tests.unit.messaging.builders import build_delivery
from tests.unit.messaging.sample_events import SAMPLES

ORG = build_delivery("charter.booked").org_id


@dataclass
class SentMessages:
    """The messages that were sent."""

    sandbox: twilio_sandbox.Sandbox

    @property
    def mails(self) -> list[Message]:
        sent = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
        return [message_from_string(each.raw_data) for each in sent]

    @property
    def texts(self) -> list[dict[str, Any]]:
        return self.sandbox.messages


@pytest.fixture
def sent_messages(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[SentMessages]:
    """The messages of a test, which starts without any."""
    server = twilio_sandbox.create_server(0)
    # It looks every 10 ms whether it shall stop, instead of every half second.
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    secrets = boto3.client("secretsmanager")
    account = {"account_sid": "AC00000000000000000000000000000000", "auth_token": "secret"}
    monkeypatch.setenv(
        "TWILIO_SECRET_ARN", secrets.create_secret(Name="twilio", SecretString=json.dumps(account))["ARN"]
    )
    monkeypatch.setenv("TWILIO_API_BASE", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("SMS_FROM", "+15005550006")
    monkeypatch.setenv("MAIL_FROM", "CoachWay <no-reply@coachway.example>")
    monkeypatch.setattr(sms, "_TIMEOUT_SECONDS", 1)
    boto3.client("ses").verify_domain_identity(Domain="coachway.example")
    monkeypatch.setenv("BUCKET_NAME", "coachway-test-files")
    bucket = boto3.client("s3")
    bucket.create_bucket(Bucket="coachway-test-files")
    bucket.put_object(
        Bucket="coachway-test-files", Key=SAMPLES["invoice.filed"]["pdf_key"], Body=b"%PDF-1.4 an invoice"
    )
    file_storage.clear_client_cache()
    clients = (email._ses, sms._get_twilio_client)  # kept, because a test may patch them
    for client in clients:
        client.cache_clear()
    organization = Organization(
        id=ORG,
        org_id=ORG,
        slug="harbor",
        name="Harbor Coach",
        timezone="America/New_York",
        currency="USD",
        branding=Branding(email="hello@harbor.example"),
    )
    store.commit(Caller.system("tests", ORG), Create(organization))
    handler: Any = server.RequestHandlerClass
    yield SentMessages(handler.sandbox)
    server.shutdown()
    server.server_close()
    for client in clients:
        client.cache_clear()
