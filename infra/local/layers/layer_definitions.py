"""What each layer is made of: which packages, what of them Lambda never needs, and a trial that it still works."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Layer:
    """Third-party packages of one dependency group, less those of the group `below` and those that are `unused` here.

    `prune` are patterns of paths to drop; `keep` names, for a directory, the patterns that stay; `strip` are libraries
    that lose their symbols; `trial` is Python that must run with nothing but this layer and the one below.
    """

    name: str
    group: str
    below: str = ""
    unused: tuple[str, ...] = ()
    prune: tuple[str, ...] = ()
    keep: dict[str, tuple[str, ...]] = field(default_factory=dict)
    strip: tuple[str, ...] = ()
    trial: str = ""


SERVICES: Final = ("dynamodb", "events", "s3", "secretsmanager", "ses", "sqs", "ssm", "stepfunctions", "sts")
"""The AWS services whose descriptions botocore carries."""

ENDPOINT_PREFIXES: Final = frozenset({*SERVICES, "email", "states"})
"""What botocore's list of endpoints calls them: of 1.2 MB read at every cold start, these are 40 kB."""

NOWHERE_NEEDED: Final = frozenset({"tests", "test", "testing", "examples", "__pycache__"})
"""Directories dropped from every package."""

VENDOR: Final = Layer(
    "vendor",
    "api",
    unused=(
        # Chalice's command line and its terminal toys.
        *(
            "ansicon",
            "blessed",
            "click",
            "colorama",
            "editor",
            "inquirer",
            "jinxed",
            "pip",
            "pyyaml",
            "readchar",
            "runs",
        ),
        *("setuptools", "wcwidth", "wheel", "xmod", "packaging"),
        # cffi's compiler; mail addresses checked against DNS.
        *("pycparser", "dnspython"),
    ),
    prune=(
        "bin",
        "cffi",
        "boto3/data/*",
        "botocore/data/*/*/examples-1.json",
        *("botocore/data/dynamodb/2011-12-05", "botocore/data/events/2014-02-03"),
        "dateutil/zoneinfo",
        *(f"chalice/{name}" for name in ("cli", "deploy", "templates", "cdk", "awsclient.py", "package.py", "*.json")),
        "pydantic/v1",
        "pydantic/mypy.py",
        "urllib3/contrib/emscripten",
        "aws_lambda_powertools/event_handler",
        *(
            f"aws_lambda_powertools/utilities/{name}"
            for name in (
                *("auth_alpha", "circuit_breaker", "data_masking", "feature_flags", "idempotency", "kafka"),
                *("streaming", "validation"),
            )
        ),
    ),
    keep={
        "phonenumbers/shortdata": ("__init__.py",),
        "botocore/data": (
            *SERVICES,
            *("endpoints.json*", "partitions.json*", "sdk-default-configuration.json*", "_retry.json*"),
        ),
    },
    strip=("cryptography/hazmat/bindings/_rust.abi3.so",),
    trial=f"""
import argon2, botocore.session, chalice, cryptography.hazmat.primitives.asymmetric.ec, dateutil.rrule
import email_validator, jwt, phonenumbers, pydantic.networks, pynamodb.connection, pyotp, segno, ulid, zoneinfo
import aws_lambda_powertools.logging, aws_lambda_powertools.metrics, aws_lambda_powertools.utilities.batch
from aws_lambda_powertools.utilities.parameters.secrets import SecretsProvider
from aws_lambda_powertools.utilities.parameters.ssm import SSMProvider
SecretsProvider(), SSMProvider()
for name in {SERVICES!r}:
    botocore.session.get_session().create_client(name)
files = botocore.session.get_session().create_client("s3", aws_access_key_id="trial", aws_secret_access_key="trial")
files.generate_presigned_url("get_object", Params={{"Bucket": "trial", "Key": "trial"}})
""",
)

DOCUMENTS: Final = Layer(
    "documents",
    "documents",
    below="api",
    # Pictures in papers are PNG and JPEG.
    prune=("PIL/_avif*", "PIL/_webp*", "pillow.libs/libavif*", "pillow.libs/libwebp*", "pillow.libs/libsharpyuv*"),
    keep={"babel/locale-data": ("root.dat", "en*.dat", "es*.dat", "fr*.dat", "de*.dat")},
    trial="""
import PIL.Image, babel, jinja2, reportlab.platypus, reportlab.graphics.barcode
babel.Locale.parse("en_US").territories
""",
)

MESSAGING: Final = Layer(
    "messaging",
    "messaging",
    below="api",
    # twilio's asynchronous client, which nothing here uses.
    unused=(
        *("aiohappyeyeballs", "aiohttp", "aiohttp-retry", "aiosignal", "attrs"),
        *("frozenlist", "multidict", "propcache", "yarl"),
    ),
    # Of twilio's fifty products we send messages.
    keep={"twilio/rest": ("__init__.py", "api")},
    trial="""
from twilio.rest import Client
Client("AC1", "x").messages
""",
)

CALENDARS: Final = Layer(
    "calendars",
    "calendars",
    below="api",
    # Its tests and their hundred calendars.
    prune=("icalendar/tests", "icalendar/fuzzing"),
    trial="""
from icalendar import Calendar
Calendar.from_ical(Calendar().to_ical())
""",
)

PAYMENTS: Final = Layer(
    "payments",
    "payments",
    below="api",
    # Of Stripe's hundred products we take payments: the descriptions of parameters are for editors, and the library
    # imports a resource when it is first named.
    prune=(
        "stripe/params",
        *(f"stripe/{name}" for name in ("apps", "billing", "billing_portal", "checkout", "climate", "entitlements")),
        *(f"stripe/{name}" for name in ("events", "financial_connections", "forwarding", "identity", "issuing")),
        *(f"stripe/{name}" for name in ("radar", "reporting", "sigma", "tax", "terminal", "test_helpers", "treasury")),
    ),
    trial="""
import stripe
client = stripe.StripeClient("sk_test_1", http_client=stripe.RequestsClient(timeout=5))
client.v1.customers, client.v1.payment_methods, client.v1.payment_intents, client.v1.refunds, client.v1.events
stripe.Webhook.construct_event, stripe.CardError, stripe.APIConnectionError, stripe.SignatureVerificationError
event = {"object": "event", "id": "evt_1", "type": "x", "data": {"object": {"object": "payment_intent", "id": "pi_1"}}}
assert stripe.Event.construct_from(event, "sk_test_1").data.object.id == "pi_1"
""",
)

LAYERS: Final = (VENDOR, DOCUMENTS, MESSAGING, CALENDARS, PAYMENTS)
