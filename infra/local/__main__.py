"""The command line behind `make`: `python -m infra.local COMMAND`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from infra.local import aws_clients, console, file_lock, processes, python_environments, stack
from infra.local.deployment import stack_deployment
from infra.local.emulator import emulator_process
from infra.local.layers import builder
from infra.local.operations import data_rebuild, platform_user, replay, workflow_redrive
from infra.local.stack_config import StackConfig

PROCESSES = ("ministack", "stripe", "sms", "location")
LOGS = (*PROCESSES, "deploy")


def _start(config: StackConfig, _: argparse.Namespace) -> None:
    with file_lock.exclusive_lock(config.directory / "lock"):
        description = stack.start_stack(config)
    print("\nCoachWay is running. Stop it with `make down`; the data is kept.\n")
    _print_description(description, config)


def _print_description(description: dict[str, Any], config: StackConfig) -> None:
    """Print the URLs and the demo users of a running stack."""
    urls = {
        "API": description["api_url"],
        "API docs": description["docs_url"],
        "Driver page": f"{description['pages_url']}/driver",
        "Sent mails": config.mails_url,
        "Sent SMS": f"{description['sms_url']}/messages",
        "Stripe": description["stripe_url"],
        "Maps": description["location_url"],
        "AWS emulator": description["emulator_url"],
    }
    for name, url in urls.items():
        print(f"  {name:<13} {url}")
    if description["users"]:
        print(f"\n  {'organization':<13} {'role':<9} {'email':<28} {'password':<20} phone")
    for user in description["users"]:
        phone = user.get("phone", "")
        print(f"  {user['organization']:<13} {user['role']:<9} {user['email']:<28} {user['password']:<20} {phone}")
    print(f"\n  The same as JSON: {config.stack_file}")


def _stop(config: StackConfig, options: argparse.Namespace) -> None:
    with file_lock.exclusive_lock(config.directory / "lock"):
        is_stopped = stack.stop_stack(config, with_data=not options.without_saving)
    if not is_stopped:
        print("The stack was not running.")
    elif options.without_saving:
        print("Stopped without saving.")
    else:
        print("Stopped. The data is kept; `make up` continues with it.")


def _print_status(config: StackConfig, _: argparse.Namespace) -> None:
    config = stack.running_config(config)
    description = stack.read_stack_file(config)
    if config.target == "ministack":
        is_running = {name: processes.running_pid(config, name) is not None for name in PROCESSES}
        stopped = [name for name in PROCESSES if not is_running[name]]
    else:
        stopped = [] if stack.is_running(config) else ["localstack"]
    if not description or len(stopped) == len(PROCESSES):
        print("The stack is not running. Start it with `make up`.")
    elif stopped:
        print(f"The stack is only partly running: {', '.join(stopped)} stopped. Start it with `make up`.")
    else:
        if config.target == "ministack" and (error := emulator_process.read_save_error(config)):
            print(f"The data is not being saved: {error}. A crash would lose the changes since then.\n")
        print("The stack is running.\n")
        _print_description(description, config)


def _follow_log(config: StackConfig, options: argparse.Namespace) -> None:
    log = config.log_file(options.name)
    if not log.exists():
        raise console.CommandError(f"there is no log of {options.name} yet", "start the stack first: make up")
    subprocess.run(["tail", "-n", "100", "-f", str(log)], check=False)


def _deploy(config: StackConfig, _: argparse.Namespace) -> None:
    stack_deployment.deploy_to_aws(config)


def _print_layer_sizes(_: StackConfig, options: argparse.Namespace) -> None:
    platform = builder.Platform.aws(options.runtime) if options.runtime else builder.Platform("local")
    for name, size in builder.layer_sizes(platform).items():
        print(f"{name:<12} {size / 2**20:6.1f} MB unpacked")


def _print_environment(_: StackConfig, options: argparse.Namespace) -> None:
    print(python_environments.ensure_environment(options.group))


def _redrive(config: StackConfig, _: argparse.Namespace) -> None:
    messages = replay.redrive_dead_letters(aws_clients.client, config)
    print(f"Dead-letter messages moved back: {messages}")
    executions = workflow_redrive.redrive_failed_executions(aws_clients.client, config)
    print(f"Failed workflow executions restarted: {executions}")


def _replay(config: StackConfig, options: argparse.Namespace) -> None:
    count = replay.replay_events(aws_clients.client, config, options.organization, options.first, options.last)
    print(f"Events published again: {count}")


def _rebuild(config: StackConfig, options: argparse.Namespace) -> None:
    vendors, drivers, leads = data_rebuild.rebuild_statistics(config, options.organization)
    print(f"Statistics rebuilt: {vendors} vendors, {drivers} drivers, {leads} groups of leads")
    print(f"Records written again: {data_rebuild.refresh_records(config, options.organization)}")


def _invite_platform_user(config: StackConfig, options: argparse.Namespace) -> None:
    first, _, last = options.name.partition(" ")
    name = {"first_name": first, "last_name": last or first}
    invitation, link = platform_user.invite_platform_user(config, options.organization, options.email, name)
    print(f"{invitation.email} is invited as a platform user in the organization {options.organization}.")
    print(f"The invitation was sent by mail. Accept it until {invitation.expires_at:%Y-%m-%d %H:%M} UTC: {link}")


COMMANDS: dict[str, Callable[[StackConfig, argparse.Namespace], None]] = {
    "up": _start,
    "down": _stop,
    "status": _print_status,
    "logs": _follow_log,
    "deploy": _deploy,
    "layers": _print_layer_sizes,
    "environment": _print_environment,
    "redrive": _redrive,
    "replay": _replay,
    "rebuild": _rebuild,
    "platform-user": _invite_platform_user,
}


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description="Run and operate a CoachWay stack.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start the local stack, deploy it and load demo data")
    down = commands.add_parser("down", help="stop the local stack; its data is kept")
    down.add_argument("--without-saving", action="store_true", help="stop even if the data cannot be saved")
    commands.add_parser("status", help="show whether the local stack is running, and its URLs")
    logs = commands.add_parser("logs", help="follow a log of the local stack")
    logs.add_argument("name", nargs="?", default="ministack", choices=LOGS)
    deploy = commands.add_parser("deploy", help="deploy to AWS")
    deploy.add_argument("environment", choices=["staging", "prod"])
    layers = commands.add_parser("layers", help="build the layers and show their sizes")
    layers.add_argument("--runtime", help="a Lambda runtime such as python3.13 (default: the emulator)")
    environment = commands.add_parser("environment", help="install a Python environment and show its path")
    environment.add_argument("group", choices=["emulator", "sam", "sandboxes"])
    _add_operator_commands(commands)
    return parser.parse_args()


def _add_operator_commands(commands: Any) -> None:
    organization_id = "the id of the organization, org_…"
    redrive = commands.add_parser("redrive", help="retry dead letters and failed workflow executions")
    replay_parser = commands.add_parser("replay", help="publish past events again")
    replay_parser.add_argument("organization", help=organization_id)
    replay_parser.add_argument("first", help="the first day, YYYY-MM-DD (UTC)")
    replay_parser.add_argument("last", help="the last day, YYYY-MM-DD (UTC)")
    rebuild = commands.add_parser("rebuild", help="rebuild statistics, and write records again after an update")
    rebuild.add_argument("organization", help=organization_id)
    invite = commands.add_parser("platform-user", help="invite a platform user")
    invite.add_argument("organization", help="the slug of the organization")
    invite.add_argument("email")
    invite.add_argument("--name", default="Platform Operator", help="first and last name")
    for command in (redrive, replay_parser, rebuild, invite):
        command.add_argument(
            "--environment", default="", choices=["staging", "prod"], help="on AWS (default: the local stack)"
        )


def main() -> int:
    """Run one command. A failure prints what is wrong and what to do."""
    options = _parse_options()
    try:
        COMMANDS[options.command](StackConfig.from_environment(getattr(options, "environment", "")), options)
    except console.CommandError as error:
        print(f"\n✗ {error.message}", file=sys.stderr)
        if error.advice:
            print(f"  → {error.advice}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
