"""Drivers on the deployed stack: login by text message, and concurrent changes."""

from __future__ import annotations

import re
import secrets
from typing import Any

import pytest

from coachway.fleet.model import DRIVER_EXAMPLE
from tests.stack import Stack, eventually
from tests.workflows.organization_builders import Operator, count_statuses, run_concurrently

pytestmark = pytest.mark.xdist_group("races")

COUNT = 8


@pytest.fixture(scope="module")
def operator(stack: Stack) -> Operator:
    return Operator.create(stack)


def new_phone() -> str:
    return f"+1212555{secrets.randbelow(10_000):04d}"


def test_new_driver_logs_in_with_text_message_code(operator: Operator, stack: Stack) -> None:
    number = new_phone()
    driver = operator.call("POST", "/drivers", {**DRIVER_EXAMPLE, "phone": number})
    login = {"organization": operator.slug, "phone": number}
    assert operator.http.post("/auth/otp/request", json=login).status_code == 202
    text = eventually(lambda: stack.texts(number), 40, "no text message came")[0]
    code = re.search(r"\b\d{6}\b", text["body"])
    assert code is not None, text
    response = operator.http.post("/auth/otp/verify", json={**login, "code": code[0]})
    assert response.status_code == 200, response.text
    headers = {"authorization": f"Bearer {response.json()['access_token']}"}
    drivers: Any = operator.http.get("/drivers", headers=headers).json()["items"]
    assert [each["id"] for each in drivers] == [driver["id"]]
    assert operator.http.get("/vehicles", headers=headers).status_code == 403


def test_add_driver_same_phone_at_once_creates_one(operator: Operator) -> None:
    number = new_phone()
    body = {**DRIVER_EXAMPLE, "phone": number, "last_name": "Twin"}
    answers = run_concurrently(COUNT, lambda _: operator.send("POST", "/drivers", body))
    assert count_statuses(answers) == {201: 1, 409: COUNT - 1}
    winner = next(response.json() for response in answers if response.status_code == 201)
    twins = operator.call("GET", "/drivers?q=rosa%20twin")["items"]
    assert [each["id"] for each in twins] == [winner["id"]]
    users = operator.call("GET", "/users?role=driver&limit=100")["items"]
    assert [each["id"] for each in users if each["phone"] == number] == [winner["user_id"]]


def test_remove_driver_while_changing_removes_driver_and_user(operator: Operator) -> None:
    driver = operator.call("POST", "/drivers", {**DRIVER_EXAMPLE, "phone": new_phone()})
    path = f"/drivers/{driver['id']}"
    answers = run_concurrently(
        COUNT, lambda n: operator.send("PUT", path, {"last_name": f"N{n}"}) if n else operator.send("DELETE", path)
    )
    assert {response.status_code for response in answers} <= {200, 204, 404}
    assert operator.send("GET", path).status_code == 404
    users = operator.call("GET", "/users?role=driver&limit=100")["items"]
    assert driver["user_id"] not in [each["id"] for each in users]
