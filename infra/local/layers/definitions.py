"""The layers: their packages, what Lambda does not need of them, and a check that they still import."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Layer:
    """The packages of a dependency group, without those of `base_group` (another layer) and those that are `unused`.

    `prune`: patterns of paths to remove. `keep`: for a directory, the patterns that stay. `strip`: libraries whose
    symbols are removed. `import_check`: Python code that must run with only this layer and its base layer.
    """

    name: str
    group: str
    base_group: str = ""
    unused: tuple[str, ...] = ()
    prune: tuple[str, ...] = ()
    keep: dict[str, tuple[str, ...]] = field(default_factory=dict)
    strip: tuple[str, ...] = ()
    import_check: str = ""


SERVICES: Final = (
    *("dynamodb", "events", "geo-places", "geo-routes", "s3", "secretsmanager", "ses", "sqs", "ssm", "stepfunctions"),
    "sts",
)
"""The AWS services whose descriptions botocore keeps."""

ENDPOINT_PREFIXES: Final = frozenset({*SERVICES, "email", "states"})
"""Their names in botocore's list of endpoints: 40 kB of the 1.2 MB that are read at every cold start."""

UNUSED_DIRECTORIES: Final = frozenset({"tests", "test", "testing", "examples", "__pycache__"})
"""Directories that are removed from every package."""

VENDOR: Final = Layer(
    "vendor",
    "api",
    unused=(
        # Chalice's command line.
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
        # cffi's compiler, and DNS checks of mail addresses.
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
                *("auth_alpha", "batch", "circuit_breaker", "data_classes", "data_masking", "feature_flags"),
                *("idempotency", "kafka", "parser", "streaming", "validation"),
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
    import_check=f"""
import argon2, botocore.session, chalice, cryptography.hazmat.primitives.asymmetric.ec, dateutil.rrule
import email_validator, jwt, phonenumbers, pydantic.networks, pynamodb.connection, pyotp, ulid, zoneinfo
import aws_lambda_powertools.logging, aws_lambda_powertools.metrics
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
    base_group="api",
    keep={"babel/locale-data": ("root.dat", "en*.dat", "es*.dat", "fr*.dat", "de*.dat")},
    import_check="""
import babel, jinja2
babel.Locale.parse("en_US").territories
""",
)

PDF: Final = Layer(
    "pdf",
    "pdf",
    base_group="api",
    # The command line that finds fonts.
    unused=("fontpkg",),
    # A copy of a font, and fonts that are not used.
    prune=("*.otf", "bin", "manimgx_fonts/*Italic*", "manimgx_fonts/NotoSansArabic*", "fontpkg_amiri/files/*Italic*"),
    strip=("typst/_typst.abi3.so",),
    import_check="""
import importlib.resources, typst
for package in ("manimgx_fonts", "fontpkg_amiri", "cvttf_NotoSansCJK_Regular"):
    directory = str(importlib.resources.files(package))
    assert typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[directory]).families()
""",
)

MESSAGING: Final = Layer(
    "messaging",
    "messaging",
    base_group="api",
    # Twilio's asynchronous client is not used.
    unused=(
        *("aiohappyeyeballs", "aiohttp", "aiohttp-retry", "aiosignal", "attrs"),
        *("frozenlist", "multidict", "propcache", "yarl"),
    ),
    # Only messages are sent with Twilio.
    keep={"twilio/rest": ("__init__.py", "api")},
    import_check="""
from twilio.rest import Client
Client("AC1", "x").messages
""",
)

CALENDARS: Final = Layer(
    "calendars",
    "calendars",
    base_group="api",
    # Tests and their calendars.
    prune=("icalendar/tests", "icalendar/fuzzing"),
    import_check="""
from icalendar import Calendar
Calendar.from_ical(Calendar().to_ical())
""",
)

PAYMENTS: Final = Layer(
    "payments",
    "payments",
    base_group="api",
    # Only payments are taken with Stripe. The descriptions of parameters are for editors; the library imports a
    # resource on first use.
    prune=(
        "stripe/params",
        *(f"stripe/{name}" for name in ("apps", "billing", "billing_portal", "checkout", "climate", "entitlements")),
        *(f"stripe/{name}" for name in ("events", "financial_connections", "forwarding", "identity", "issuing")),
        *(f"stripe/{name}" for name in ("radar", "reporting", "sigma", "tax", "terminal", "test_helpers", "treasury")),
    ),
    import_check="""
import stripe
client = stripe.StripeClient("sk_test_1", http_client=stripe.RequestsClient(timeout=5))
client.v1.customers, client.v1.payment_methods, client.v1.payment_intents, client.v1.refunds, client.v1.events
stripe.Webhook.construct_event, stripe.CardError, stripe.APIConnectionError, stripe.SignatureVerificationError
event = {"object": "event", "id": "evt_1", "type": "x", "data": {"object": {"object": "payment_intent", "id": "pi_1"}}}
assert stripe.Event.construct_from(event, "sk_test_1").data.object.id == "pi_1"
""",
)

PASSWORDS: Final = Layer(
    "passwords",
    "passwords",
    base_group="api",
    import_check="""
import segno
from zxcvbn import zxcvbn
segno.make("otpauth://totp/trial", error="m").svg_data_uri()
assert zxcvbn("correct horse battery staple")["score"] == 4
""",
)

LAYERS: Final = (VENDOR, DOCUMENTS, PDF, MESSAGING, CALENDARS, PAYMENTS, PASSWORDS)
