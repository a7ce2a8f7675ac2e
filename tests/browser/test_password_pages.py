"""Somebody who was invited chooses a password on a phone, without script."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.quotes import PASSWORD, Office

PHONE: ViewportSize = {"width": 390, "height": 844}

pytestmark = pytest.mark.xdist_group("browser")


def invitation(office: Office, name: str) -> tuple[str, str]:
    """An invited person's email, and the address of the page that the mail leads to."""
    email = f"{name.lower()}@{office.slug}.example"
    person = {"email": email, "role": "staff", "first_name": name, "last_name": "Roe"}
    token = office.ask("POST", "/users/invite", person)["invitation_token"]
    return email, f"{office.stack.pages_url}/invitations/{token}"


def must_be_accessible(page: Page) -> None:
    """No finding of axe's that is serious or critical."""
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in {"serious", "critical"}] == []


def test_an_invited_person_chooses_a_password_without_script(office: Office, browser: Browser) -> None:
    email, address = invitation(office, "Eli")
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Eli")
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Accept the invitation").click()
    expect(page.get_by_text("This has 5 characters. It needs at least 12.")).to_be_visible()
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Accept the invitation").click()
    expect(page.get_by_role("heading", name="You are in")).to_be_visible()
    expect(page.get_by_text(email)).to_be_visible()
    page.goto(address)
    expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
    context.close()
    office.ask("POST", "/auth/login", {"organization": office.slug, "email": email, "password": PASSWORD})


def test_the_form_can_be_used_by_everybody(office: Office, browser: Browser) -> None:
    _, address = invitation(office, "Uma")
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(address)
    must_be_accessible(page)
    page.get_by_role("button", name="Accept the invitation").click()
    expect(page.get_by_text("Enter a password.")).to_be_visible()
    must_be_accessible(page)
    context.close()
