"""`python -m infra.local <command>`: what `make` calls."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from infra.local import aws_clients, console, file_lock, python_environments, stack
from infra.local.deployment import stack_deployment
from infra.local.layers import layer_archives
from infra.local.operations import platform_user, replay, statistics_rebuild, workflow_redrive
from infra.local.stack_config import Home


def _up(home: Home, _: argparse.Namespace) -> None:
    with file_lock.held(home.directory / "lock"):
        _announce(stack.up(home), home)


def _announce(description: dict[str, Any], home: Home) -> None:
    print(f"\nCoachWay is up (make down stops it; it keeps its data).\n\n  API        {description['api_url']}")
    print(f"  Documents  {description['docs_url']}")
    print(f"  Emulator   {description['emulator_url']}\n  Mails      {home.mails_url}")
    print(f"  SMS        {description['sms_url']}/messages\n  Stripe     {description['stripe_url']}")
    if description["users"]:
        print(f"\n  {'organization':<13} {'role':<9} {'email':<28} password")
    for user in description["users"]:
        print(f"  {user['organization']:<13} {user['role']:<9} {user['email']:<28} {user['password']}")
    print(f"\n  All of it for programs: {home.stack_file}")


def _down(home: Home, _: argparse.Namespace) -> None:
    with file_lock.held(home.directory / "lock"):
        print("stopped; the data is kept" if stack.down(home) else "nothing was running")


def _status(home: Home, _: argparse.Namespace) -> None:
    print(stack.read(home) or "no stack here")


def _logs(home: Home, options: argparse.Namespace) -> None:
    log = home.log(options.name)
    if not log.exists():
        raise console.Failed(f"there is no log of {options.name}", "start the stack first: make up")
    subprocess.run(["tail", "-n", "100", "-f", str(log)], check=False)


def _deploy(home: Home, _: argparse.Namespace) -> None:
    stack_deployment.to_aws(home)


def _layers(_: Home, options: argparse.Namespace) -> None:
    platform = layer_archives.Platform.aws(options.runtime) if options.runtime else layer_archives.Platform("local")
    for name, size in layer_archives.sizes(platform).items():
        print(f"{name:<12} {size / 2**20:6.1f} MB unpacked")


def _environment(_: Home, options: argparse.Namespace) -> None:
    print(python_environments.ensure(options.group))


def _redrive(home: Home, _: argparse.Namespace) -> None:
    print(f"{replay.redrive(aws_clients.client, home)} messages are on their way again")
    print(f"{workflow_redrive.redrive(aws_clients.client, home)} flows were taken up again")


def _replay(home: Home, options: argparse.Namespace) -> None:
    count = replay.replay(aws_clients.client, home, options.organization, options.first, options.last)
    print(f"{count} events were published again")


def _rebuild(home: Home, options: argparse.Namespace) -> None:
    vendors, drivers = statistics_rebuild.rebuild(home, options.organization)
    print(f"{vendors} vendors and {drivers} drivers were counted again")


def _platform_user(home: Home, options: argparse.Namespace) -> None:
    first, _, last = options.name.partition(" ")
    name = {"first_name": first, "last_name": last or first}
    invited, link = platform_user.invite(home, options.organization, options.email, name)
    print(f"{invited.email} is invited to run the deployment, as one of {options.organization}; a mail is on its way.")
    print(f"Until {invited.expires_at:%Y-%m-%d %H:%M} UTC: {link}")


COMMANDS: dict[str, Callable[[Home, argparse.Namespace], None]] = {
    "up": _up,
    "down": _down,
    "status": _status,
    "logs": _logs,
    "deploy": _deploy,
    "layers": _layers,
    "environment": _environment,
    "redrive": _redrive,
    "replay": _replay,
    "rebuild": _rebuild,
    "platform-user": _platform_user,
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description="The stack on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("up", "down", "status", "redrive"):
        commands.add_parser(name)
    commands.add_parser("logs").add_argument("name", nargs="?", default="ministack")
    commands.add_parser("deploy").add_argument("environment", choices=["staging", "prod"])
    commands.add_parser("layers").add_argument(
        "--runtime", help="for AWS, such as python3.13; without it for the emulator"
    )
    commands.add_parser("environment").add_argument("group", choices=["emulator", "sam", "sandboxes"])
    replay = commands.add_parser("replay")
    replay.add_argument("organization", help="the id of the organization, org_…")
    replay.add_argument("first", help="the first day, YYYY-MM-DD (UTC)")
    replay.add_argument("last", help="the last day, YYYY-MM-DD (UTC)")
    commands.add_parser("rebuild").add_argument("organization", help="the id of the organization, org_…")
    person = commands.add_parser("platform-user")
    person.add_argument("organization", help="its slug")
    person.add_argument("email")
    person.add_argument("--name", default="Platform Operator", help="first and last name")
    for command in ("redrive", "replay", "rebuild", "platform-user"):
        commands.choices[command].add_argument(
            "--environment", default="", choices=["staging", "prod"], help="on AWS; without it on the emulator"
        )
    return parser.parse_args()


def main() -> int:
    """Run one command; a failure says what to do."""
    options = _options()
    try:
        COMMANDS[options.command](Home.from_environment(getattr(options, "environment", "")), options)
    except console.Failed as failure:
        print(f"\n✗ {failure.what}", file=sys.stderr)
        if failure.advice:
            print(f"  → {failure.advice}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
