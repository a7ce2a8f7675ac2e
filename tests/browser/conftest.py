"""A real browser: Chromium of the distribution, which phones home to nobody."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.quotes import Office
from tests.stack import Stack

ARGUMENTS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
SURELY: Final = 30_000
"""Milliseconds in which a page has surely changed, however busy the machine is."""


def _chromium() -> str:
    """Where Chromium is; installed first where that is allowed."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    apt = shutil.which("apt-get")
    if found is None and apt and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run([apt, "update", "-qq"], check=True, env=environment)
        subprocess.run([apt, "install", "-y", "-qq", "chromium"], check=True, env=environment)
        found = shutil.which("chromium")
    if found is None:
        pytest.fail("the browser tests need Chromium: apt-get install chromium")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests; each opens contexts of its own."""
    executable = _chromium()
    expect.set_options(timeout=SURELY)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def office(stack: Stack) -> Office:
    """An organization that sends quotes."""
    return Office.opened(stack)
