"""Drivers on the deployed stack: log in by a text message, and of two with one phone there is one."""

from __future__ import annotations

import re
import secrets
from typing import Any

import pytest

from coachway.fleet.model import DRIVER_EXAMPLE
from tests.stack import Stack, eventually
from tests.workflows.carrier import Carrier, at_once, statuses

pytestmark = pytest.mark.xdist_group("races")

COUNT = 8


@pytest.fixture(scope="module")
def carrier(stack: Stack) -> Carrier:
    return Carrier.opened(stack)


def phone() -> str:
    return f"+1212555{secrets.randbelow(10_000):04d}"


def test_a_new_driver_logs_in_by_a_text_message(carrier: Carrier, stack: Stack) -> None:
    number = phone()
    made = carrier.ask("POST", "/drivers", {**DRIVER_EXAMPLE, "phone": number})
    said = {"organization": carrier.slug, "phone": number}
    assert carrier.http.post("/auth/otp/request", json=said).status_code == 202
    text = eventually(lambda: stack.texts(number), 40, "no text message came")[0]
    code = re.search(r"\b\d{6}\b", text["body"])
    assert code is not None, text
    answer = carrier.http.post("/auth/otp/verify", json={**said, "code": code[0]})
    assert answer.status_code == 200, answer.text
    own = {"authorization": f"Bearer {answer.json()['access_token']}"}
    seen: Any = carrier.http.get("/drivers", headers=own).json()["items"]
    assert [each["id"] for each in seen] == [made["id"]]
    assert carrier.http.get("/vehicles", headers=own).status_code == 403


def test_of_drivers_with_one_phone_at_once_one_is_added_with_one_user(carrier: Carrier) -> None:
    number = phone()
    body = {**DRIVER_EXAMPLE, "phone": number, "last_name": "Twin"}
    answers = at_once(COUNT, lambda _: carrier.send("POST", "/drivers", body))
    assert statuses(answers) == {201: 1, 409: COUNT - 1}
    winner = next(answer.json() for answer in answers if answer.status_code == 201)
    twins = carrier.ask("GET", "/drivers?q=rosa%20twin")["items"]
    assert [each["id"] for each in twins] == [winner["id"]]
    users = carrier.ask("GET", "/users?role=driver&limit=100")["items"]
    assert [each["id"] for each in users if each["phone"] == number] == [winner["user_id"]]


def test_a_driver_changed_and_removed_at_once_is_gone(carrier: Carrier) -> None:
    made = carrier.ask("POST", "/drivers", {**DRIVER_EXAMPLE, "phone": phone()})
    path = f"/drivers/{made['id']}"
    answers = at_once(
        COUNT, lambda n: carrier.send("PUT", path, {"last_name": f"N{n}"}) if n else carrier.send("DELETE", path)
    )
    assert {answer.status_code for answer in answers} <= {200, 204, 404}
    assert carrier.send("GET", path).status_code == 404
    users = carrier.ask("GET", "/users?role=driver&limit=100")["items"]
    assert made["user_id"] not in [each["id"] for each in users]
