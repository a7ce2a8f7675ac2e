"""A real browser: Chromium of the distribution, without background requests."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser.dispatch_builders import WALL_ST
from tests.browser.driver_page_builders import geolocation
from tests.browser.pages import PHONE
from tests.browser.quote_builders import QuoteOrganization
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
EXPECT_TIMEOUT: Final = 30_000
"""Milliseconds until an expectation fails, also on a busy machine."""


def _chromium_path() -> str:
    """The path of Chromium, without its window system if there is a choice; installs it if this process may."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    chromium = next(filter(None, map(shutil.which, names)), None)
    apt = shutil.which("apt-get")
    if chromium is None and apt and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run([apt, "update", "-qq"], check=True, env=environment)
        subprocess.run([apt, "install", "-y", "-qq", "chromium-headless-shell"], check=True, env=environment)
        chromium = shutil.which("chromium-headless-shell")
    if chromium is None:
        pytest.fail("the browser tests need Chromium: apt-get install chromium-headless-shell")
    return chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests; each test opens its own contexts."""
    executable = _chromium_path()
    expect.set_options(timeout=EXPECT_TIMEOUT)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def organization(stack: Stack) -> QuoteOrganization:
    """An organization that sends quotes."""
    return QuoteOrganization.create(stack)


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A phone at the pickup that shares its position with pages."""
    context = browser.new_context(viewport=PHONE, permissions=["geolocation"], geolocation=geolocation(WALL_ST))
    yield context
    context.close()
