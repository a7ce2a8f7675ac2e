"""The invitation page: an invited user sets a password on a phone, without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.pages import PHONE, assert_accessible
from tests.browser.quote_builders import PASSWORD, QuoteOrganization

pytestmark = pytest.mark.xdist_group("browser")


def invite_user(organization: QuoteOrganization, name: str) -> tuple[str, str]:
    """Invite a user; returns the email address and the URL of the invitation page."""
    email = f"{name.lower()}@{organization.slug}.example"
    person = {"email": email, "role": "staff", "first_name": name, "last_name": "Roe"}
    token = organization.send("POST", "/users/invite", person)["invitation_token"]
    return email, f"{organization.stack.pages_url}/invitations/{token}"


def test_invitation_page_sets_a_password_without_javascript(organization: QuoteOrganization, browser: Browser) -> None:
    email, url = invite_user(organization, "Eli")
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Eli")
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Accept the invitation").click()
    expect(page.get_by_text("The password has 5 characters. It needs at least 12.")).to_be_visible()
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Accept the invitation").click()
    expect(page.get_by_role("heading", name="Your account is ready")).to_be_visible()
    expect(page.get_by_text(email)).to_be_visible()
    expect(page.get_by_role("link", name="Open the API")).to_be_visible()
    page.goto(url)
    expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
    context.close()
    organization.send("POST", "/auth/login", {"organization": organization.slug, "email": email, "password": PASSWORD})


def test_invitation_page_is_accessible_and_requires_a_password(
    organization: QuoteOrganization, browser: Browser
) -> None:
    _, url = invite_user(organization, "Uma")
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(url)
    assert_accessible(page)
    page.get_by_role("button", name="Accept the invitation").click()
    expect(page.get_by_text("Enter a password.")).to_be_visible()
    assert_accessible(page)
    context.close()
