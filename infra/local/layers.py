"""The layers: third-party packages from `uv.lock`, pruned to what Lambda needs, compiled, and zipped.

For the emulator they are built for the interpreter at hand, for AWS for the runtime that `template.yaml` names (on arm64).
A build is named by everything that goes into it, so an unchanged layer is never built, uploaded or published twice.
"""

from __future__ import annotations

import compileall
import hashlib
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.local import say
from infra.local.environments import UV
from infra.local.home import BUILD, ROOT

PACKAGE: Final = ROOT / "layers" / "coachway" / "python"


@dataclass(frozen=True)
class Platform:
    """Which interpreter the packages are for. `local` is the one that runs this."""

    name: str
    python: str = f"{sys.version_info.major}.{sys.version_info.minor}"
    machine: str = ""

    @classmethod
    def aws(cls, runtime: str) -> Platform:
        """Lambda's arm64 image of a runtime such as `python3.13`."""
        return cls("aws", runtime.removeprefix("python"), "aarch64-manylinux_2_28")

    @property
    def is_local(self) -> bool:
        return not self.machine


@dataclass(frozen=True)
class Layer:
    """Third-party packages of one dependency group, less those of `below` and those that nothing on Lambda imports."""

    name: str
    group: str
    below: str = ""
    unused: tuple[str, ...] = ()
    prune: tuple[str, ...] = ()
    keep: dict[str, tuple[str, ...]] = field(default_factory=dict)
    trial: str = ""


SERVICES: Final = ("dynamodb", "events", "s3", "secretsmanager", "ses", "sqs", "ssm", "stepfunctions", "sts")

LAYERS: Final = (
    Layer(
        "vendor",
        "api",
        # Chalice's command line and its terminal toys; cffi's compiler; address checks that need DNS.
        unused=tuple(
            "ansicon blessed click colorama dnspython editor inquirer jinxed packaging pip pycparser pyyaml readchar"
            " runs setuptools wcwidth wheel xmod".split()
        ),
        prune=(
            *(f"chalice/{name}" for name in ("cli", "deploy", "templates", "cdk", "awsclient.py", "package.py", "policies.json", "policies-extra.json")),
            "cffi",
            "pydantic/v1",
            "pydantic/mypy.py",
            "bin",
            "aws_lambda_powertools/event_handler",
            *(f"aws_lambda_powertools/utilities/{name}" for name in ("data_masking", "feature_flags", "kafka", "streaming", "validation")),
        ),
        keep={
            "phonenumbers/shortdata": ("__init__.py",),
            "botocore/data": (*SERVICES, "endpoints.json*", "partitions.json*", "sdk-default-configuration.json*", "_retry.json*"),
        },
        trial="import argon2, botocore.session, chalice, cryptography.hazmat.primitives.asymmetric.ec, dateutil.rrule\n"
        "import email_validator, jwt, phonenumbers, pydantic.networks, pynamodb.connection, pyotp, segno, ulid, zoneinfo\n"
        "import aws_lambda_powertools.logging, aws_lambda_powertools.metrics, aws_lambda_powertools.utilities.batch\n"
        f"for name in {SERVICES!r}: botocore.session.get_session().create_client(name, 'us-east-1')\n"
        "assert 'boto3' not in __import__('sys').modules",
    ),
    Layer(
        "documents",
        "documents",
        below="api",
        # Pictures in papers are PNG and JPEG.
        prune=("PIL/_avif*", "PIL/_webp*", "pillow.libs/libavif*", "pillow.libs/libwebp*", "pillow.libs/libsharpyuv*"),
        keep={
            "babel/locale-data": ("root.dat", "en*.dat", "es*.dat", "fr*.dat", "de*.dat"),
            "reportlab/fonts": ("*",),
        },
        trial="import PIL.Image, babel.dates, jinja2, reportlab.platypus, reportlab.graphics.barcode\nbabel.Locale.parse('en_US').territories",
    ),
    Layer(
        "messaging",
        "messaging",
        below="api",
        # twilio's asynchronous client, which nothing here uses.
        unused=tuple("aiohappyeyeballs aiohttp aiohttp-retry aiosignal attrs frozenlist multidict propcache yarl".split()),
        # Of twilio's fifty products we send messages.
        keep={"twilio/rest": ("__init__.py", "api")},
        trial="from twilio.rest import Client\nClient('AC1', 'x').messages",
    ),
)

EVERYWHERE: Final = ("tests", "test", "testing", "examples")


def requirements(layer: Layer) -> list[str]:
    """The pinned requirements of a layer, from `uv.lock`, less those of the layer below it."""
    below = {_name(pin) for pin in _export(layer.below)} if layer.below else set()
    return [pin for pin in _export(layer.group) if _name(pin) not in below | {*layer.unused}]


def _name(pin: str) -> str:
    return pin.partition("==")[0]


def _export(group: str) -> list[str]:
    done = subprocess.run(
        [str(UV), "export", "--quiet", "--only-group", group, "--frozen", "--no-hashes", "--no-emit-project", "--no-annotate"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if line and not line.startswith("#")]


def digest(parts: Iterable[str]) -> str:
    """A short name for what went into a build."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def sources(directory: Path) -> Iterator[Path]:
    """Every source file below a directory, in a fixed order, without what Python leaves there."""
    yield from sorted(p for p in directory.rglob("*") if p.is_file() and "__pycache__" not in p.parts and p.suffix != ".pyc")


def tree_digest(*roots: Path) -> str:
    """A short name for the content of files and directories."""
    parts = []
    for root in roots:
        for file in sources(root) if root.is_dir() else [root]:
            parts.append(f"{file.relative_to(ROOT)} {hashlib.sha256(file.read_bytes()).hexdigest()}")
    return digest(parts)


def build(platform: Platform) -> dict[str, Path]:
    """Zips of every layer for a platform, by name; only what changed is built."""
    return {**{layer.name: _vendored(layer, platform) for layer in LAYERS}, "coachway": _product(platform)}


def _vendored(layer: Layer, platform: Platform) -> Path:
    pins = requirements(layer)
    rules = [platform.name, platform.python, platform.machine, sys.version, repr(layer), repr(EVERYWHERE), *pins]
    target = BUILD / f"{layer.name}-{platform.name}-{digest(rules)}.zip"
    if target.exists():
        return target
    with say.step(f"Building the layer {layer.name} for {platform.name} (Python {platform.python})"):
        with tempfile.TemporaryDirectory(prefix=f"{layer.name}-", dir=_scratch()) as scratch:
            tree = Path(scratch) / "python"
            _install(pins, tree, platform)
            _prune(tree, layer)
            precompile(tree, platform, "/opt/python")
            if platform.is_local:
                _check_imports(layer, tree)
            _zip(Path(scratch), target, platform)
    return target


def _product(platform: Platform) -> Path:
    target = BUILD / f"coachway-{platform.name}-{digest([platform.python, sys.version, tree_digest(PACKAGE)])}.zip"
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(prefix="coachway-", dir=_scratch()) as scratch:
        tree = Path(scratch) / "python"
        shutil.copytree(PACKAGE, tree, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        precompile(tree, platform, "/opt/python")
        _zip(Path(scratch), target, platform)
    return target


def _scratch() -> Path:
    scratch = BUILD / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    return scratch


def _install(pins: list[str], tree: Path, platform: Platform) -> None:
    where = ["--python", sys.executable] if platform.is_local else ["--python-platform", platform.machine, "--python-version", platform.python]
    done = subprocess.run(
        [str(UV), "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--link-mode", "copy", "--target", str(tree), *where, "-r", "-"],
        input="\n".join(pins),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise say.Failed(f"packages could not be installed:\n{done.stderr.strip()}", "check the network or the package cache")


def _prune(tree: Path, layer: Layer) -> None:
    for pattern in layer.prune:
        for path in list(tree.glob(pattern)):
            _remove(path)
    for directory, patterns in layer.keep.items():
        kept = {match for pattern in patterns for match in (tree / directory).glob(pattern)}
        for entry in list((tree / directory).iterdir()):
            if entry not in kept:
                _remove(entry)
    for directory in [p for p in tree.rglob("*") if p.is_dir()]:
        if directory.name == "__pycache__" or (directory.name in EVERYWHERE and "site-packages" not in directory.name):
            _remove(directory)
    for info in tree.glob("*.dist-info"):
        for entry in list(info.iterdir()):
            if entry.name != "METADATA":
                _remove(entry)
    for stub in [*tree.rglob("*.pyi"), *tree.rglob("*.pxd"), *tree.rglob("*.h"), *tree.rglob("*.c")]:
        _remove(stub)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def interpreter(platform: Platform) -> str | None:
    """A Python that compiles for the platform, or None when this machine has none of that version."""
    if platform.is_local or platform.python == Platform("local").python:
        return sys.executable
    for candidate in (f"python{platform.python}", *sorted(Path.home().glob(f".pyenv/versions/{platform.python}*/bin/python"))):
        try:
            done = subprocess.run([str(candidate), "-c", "import sys; print(*sys.version_info[:2], sep='.')"], capture_output=True, text=True, check=False)
        except OSError:
            continue
        if done.stdout.strip() == platform.python:
            return str(candidate)
    return None


def precompile(tree: Path, platform: Platform, seen_as: str) -> None:
    """Compile ahead, trusting the result unchecked: the largest single gain at a cold start. Traces name files below `seen_as`."""
    python = interpreter(platform)
    if python is None:
        say.line(f"Python {platform.python} is not on this machine: the layer ships without compiled code and starts more slowly")
        return
    if python == sys.executable:
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(tree, quiet=2, workers=1, stripdir=str(tree), prependdir=seen_as, invalidation_mode=mode)
        return
    command = [python, "-m", "compileall", "-qq", "--invalidation-mode", "unchecked-hash", "-s", str(tree), "-p", seen_as, str(tree)]
    subprocess.run(command, check=False)


def _check_imports(layer: Layer, tree: Path) -> None:
    """A pruned layer must still import what it is for, with nothing beside it but the layer below."""
    paths = [str(tree)]
    if layer.below:
        below = next(other for other in LAYERS if other.group == layer.below)
        unpacked = tree.parent / "below"
        with zipfile.ZipFile(_vendored(below, Platform("local"))) as packed:
            packed.extractall(unpacked)
        paths.append(str(unpacked / "python"))
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {paths!r}\n{layer.trial}"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    shutil.rmtree(tree.parent / "below", ignore_errors=True)
    if done.returncode:
        raise say.Failed(f"the layer {layer.name} lost something that it needs:\n{done.stderr}", "mend its rules in infra/local/layers.py")


def _zip(tree: Path, target: Path, platform: Platform) -> None:
    """A zip with fixed dates, so that equal content is an equal file. The emulator unpacks it at every cold start: stored there, deflated for AWS."""
    part = target.with_name(f"{target.name}.{os.getpid()}")
    method = zipfile.ZIP_STORED if platform.is_local else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(part, "w", method) as packed:
        for file in sorted(p for p in tree.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(str(file.relative_to(tree)), (2020, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            entry.compress_type = method
            packed.writestr(entry, file.read_bytes())
    part.replace(target)


def sizes(platform: Platform) -> dict[str, int]:
    """Bytes of every layer once unpacked."""
    result = {}
    for name, archive in build(platform).items():
        with zipfile.ZipFile(archive) as packed:
            result[name] = sum(entry.file_size for entry in packed.infolist())
    return result
