"""A quote from the desk of a salesperson to a contact of the client: own terms, copies, and mails to the office."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.stack import Stack, eventually
from tests.workflows.organization_builders import Operator

pytestmark = pytest.mark.xdist_group("journey")


def test_contact_accepts_the_terms_of_the_quote_and_the_salesperson_is_told(stack: Stack) -> None:
    operator = Operator.create(stack)
    policy = {"tiers": [{"hours": 336, "percent": 90}, {"hours": 48, "percent": 25}]}
    office, dana, boss = (f"{name}@{operator.slug}.example" for name in ("office", "dana", "boss"))
    settings = {"branding": {"email": office}, "cancellation_policy": policy, "terms": "No glitter."}
    operator.call("PUT", "/organization", settings)
    contact = operator.call("POST", f"/clients/{operator.client_id}/contacts", {"name": "Dana Lee", "email": dana})
    charter = operator.call("POST", "/charters", operator.charter_body(po_number="PO 4711"))

    words = {"contact_id": contact["id"], "cc": [boss], "message": "Thank you for calling."}
    sent = operator.call("POST", f"/charters/{charter['id']}/send-quote", words)
    operator.call("PUT", "/organization", {"cancellation_policy": {"tiers": [{"hours": 0, "percent": 0}]}, "terms": ""})
    mail = stack.wait_for_mail(dana, "^Your quote")
    for text in ("Hello Dana Lee,", "Thank you for calling.", "we refund 90% of what you paid", sent["url"]):
        assert text in mail["BodyText"]

    page = httpx.get(sent["url"], timeout=60).text
    for text in ("Dana Lee, Acme Events", "PO 4711", "14 days (336 hours) or more before", "No glitter."):
        assert text in page
    assert httpx.head(sent["url"], timeout=60).status_code in {200, 403, 404, 405}
    assert get_charter(operator, charter)["quote_opened_at"] is None, "loading the page is no sign of a person"
    for _ in range(2):
        assert httpx.post(f"{sent['url']}/opened", timeout=60).status_code == 204
    stack.wait_for_mail(operator.admin_email, "was opened")

    assert operator.accept_quote(sent["token"]).json()["status"] == "booked"
    stack.wait_for_mail(operator.admin_email, "was accepted")
    accepted = operator.call("GET", "/sales/my-day")["quotes_accepted"]
    assert [each["charter_id"] for each in accepted] == [charter["id"]]
    stack.wait_for_mail(dana, "^Booking confirmed")
    preview = operator.call("POST", f"/charters/{charter['id']}/cancel?preview=true", {})
    assert preview["refund_percent"] in {25, 90}

    def list_told() -> list[str] | None:
        templates = sorted(each["template"] for each in operator.list_notifications(operator.admin_email))
        return templates if {"quote-opened", "quote-accepted"} <= set(templates) else None

    told = eventually(list_told, 40, "the salesperson was not told")
    assert [told.count(name) for name in ("quote-opened", "quote-accepted")] == [1, 1]
    assert operator.list_notifications(office) == [], "the organization has a salesperson for this"


def get_charter(operator: Operator, charter: dict[str, Any]) -> dict[str, Any]:
    """The charter as it is now."""
    current: dict[str, Any] = operator.call("GET", f"/charters/{charter['id']}")
    return current
