"""The tour of the README: every command works and prints what the README shows."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest

from infra.local import demo
from infra.local.stack_config import ROOT
from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("demo")

_VARYING = re.compile(
    r"[a-z]{2,4}_[0-9A-Za-z]{14,26}"  # ids, ours and Stripe's
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?<=tour-)[0-9]+"  # the time at which the tour began
    r"|\b(CH|INV)-[0-9]{4}-[0-9A-Z-]+"
    r"|localhost:[0-9]+"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+Z)?"
    r'|(?<="score":)[0-9.]+|(?<="hours_left":)[0-9.]+'
    r"|\s+"
)
"""Text that differs in each run, and white space."""
_FIELD = re.compile(r'"\w+":(?:"[^"…]*"|[-0-9.]+|null|true|false)|"[^"…]*"(?!:)')


def list_tour_steps() -> Iterator[tuple[str, str]]:
    """The commands of the tour, each with its output in the README."""
    text = (ROOT / "README.md").read_text().partition("\n## Quick start\n")[2].partition("\n## ")[0]
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.splitlines(keepends=True)
            command = next(
                "".join(lines[:n]) for n in range(1, len(lines) + 1) if _is_complete_command("".join(lines[:n]))
            )
            yield command, part.removeprefix(command)


def _is_complete_command(command: str) -> bool:
    check = subprocess.run(["/bin/bash", "-n"], input=command, capture_output=True, text=True, check=False)
    return check.returncode == 0 and not check.stderr


def list_expected_parts(expected: str) -> list[str]:
    """The parts that an output must contain, in order: fields and words, or whole lines if it is not JSON."""
    fragments: list[str] = []
    for line in expected.splitlines():
        plain = _VARYING.sub("", line)
        fragments += _FIELD.findall(plain) if line.startswith(("{", " ")) else [plain]
    return fragments


@pytest.fixture(scope="module")
def answers(stack: Stack) -> list[tuple[str, str, str]]:
    """Each command of the tour, its output in the README, and its actual output."""
    demo.load_demo(stack.config)
    return follow_tour(stack)


def follow_tour(stack: Stack) -> list[tuple[str, str, str]]:
    """Run the commands in one shell."""
    steps = list(list_tour_steps())
    script = "\necho '<<>>'\n".join(command for command, _ in steps)
    result = subprocess.run(
        ["/bin/bash", "-u"],
        input=script.replace(".local/stack.json", str(stack.config.stack_file)),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    printed = result.stdout.split("<<>>\n")
    assert len(printed) == len(steps), result.stderr
    return [(command, expected, output) for (command, expected), output in zip(steps, printed, strict=True)]


def test_readme_tour_prints_expected_output(answers: list[tuple[str, str, str]]) -> None:
    assert sum(bool(expected) for _, expected, _ in answers) >= 12
    for command, expected, printed in answers:
        rest = _VARYING.sub("", printed)
        for fragment in list_expected_parts(expected):
            _, match, rest = rest.partition(fragment)
            assert match, f"{command} did not print {fragment}, but\n{printed}"
