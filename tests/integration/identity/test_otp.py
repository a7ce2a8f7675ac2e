"""One-time codes, for the people outside."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from coachway.contracts.identity import OTP, OtpRequested, UserSignedIn
from coachway.core.auth import signed_links
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock
from coachway.identity.model import permissions
from tests.integration.client import Reply
from tests.integration.identity.builders import Org, get, list_event_data, post, put, register_organization

PHONE = "+12125550123"


def driver(org: Org, **more: Any) -> Any:
    body = {"phone": PHONE, "first_name": "Dee", "last_name": "Wright", "role": "driver", **more}
    reply = post("/users", body, org.token)
    assert reply.status == 201, reply.text
    return reply.json()


def ask(org: Org, **to: str) -> Reply:
    return post("/auth/otp/request", {"organization": org.slug, **(to or {"phone": PHONE})})


def sent(org: Org) -> Any:
    """The newest request's event, and the code that its mail or SMS says."""
    told = list_event_data(org.id, OtpRequested)[-1]
    return {**told, "code": signed_links.create_one_time_code(OTP, org.id, told["user_id"], told["nonce"])}


def verify(org: Org, code: str, **more: Any) -> Reply:
    return post("/auth/otp/verify", {"organization": org.slug, "phone": PHONE, "code": code, **more})


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_a_driver_logs_in_with_a_code_sent_by_sms() -> None:
    org = register_organization()
    dee = driver(org)
    assert ask(org).status == 202
    told = sent(org)
    assert (told["channel"], told["recipient"], told["first_name"]) == ("sms", PHONE, "Dee")
    done = verify(org, told["code"])
    assert done.status == 200, done.text
    me = get("/auth/me", done.json()["access_token"]).json()
    assert (me["id"], me["role"], me["permissions"]) == (
        dee["id"],
        "driver",
        sorted(permissions.BUILT_IN_ROLES["driver"]),
    )
    assert list_event_data(org.id, UserSignedIn)[-1]["method"] == "otp"


def test_a_client_logs_in_with_a_code_sent_by_mail() -> None:
    org = register_organization()
    body = {"email": "dana@acme.example", "first_name": "Dana", "last_name": "Lee", "role": "client"}
    assert post("/users", body, org.token).status == 201
    assert ask(org, email="Dana@ACME.example").status == 202
    told = sent(org)
    assert (told["channel"], told["recipient"]) == ("email", "dana@acme.example")
    done = post("/auth/otp/verify", {"organization": "harbor", "email": "dana@acme.example", "code": told["code"]})
    assert done.status == 200


def test_the_event_carries_no_code() -> None:
    org = register_organization()
    driver(org)
    ask(org)
    told = sent(org)
    code = told.pop("code")
    assert code not in str(told)


def test_a_code_opens_one_session() -> None:
    org = register_organization()
    driver(org)
    ask(org)
    code = sent(org)["code"]
    assert verify(org, code).status == 200
    assert verify(org, code).status == 401


def test_a_new_code_voids_the_one_before() -> None:
    org = register_organization()
    driver(org)
    ask(org)
    first = sent(org)["code"]
    ask(org)
    second = sent(org)["code"]
    assert first == second or verify(org, first).status == 401
    assert verify(org, second).status == 200


def test_a_code_is_good_for_ten_minutes() -> None:
    org = register_organization()
    driver(org)
    now = clock.now()
    for ago, status in ((timedelta(minutes=10), 401), (timedelta(minutes=9, seconds=50), 200)):
        with clock.frozen(now - ago):
            ask(org)
            code = sent(org)["code"]
        with clock.frozen(now):
            assert verify(org, code).status == status


def test_five_wrong_codes_void_the_right_one() -> None:
    org = register_organization()
    driver(org)
    ask(org)
    code = sent(org)["code"]
    assert [verify(org, other_than(code)).status for _ in range(5)] == [401] * 5
    assert verify(org, code).status == 401


def test_ten_wrong_codes_lock_the_account() -> None:
    org = register_organization()
    driver(org)
    for _ in range(2):
        ask(org)
        for _ in range(5):
            verify(org, other_than(sent(org)["code"]))
    ask(org)
    assert verify(org, sent(org)["code"]).status == 429


def test_the_answer_does_not_say_whether_there_is_an_account() -> None:
    org = register_organization()
    driver(org)
    org.create_user("sam@harbor.example")
    answers = {
        (reply.status, reply.text)
        for reply in (
            ask(org),
            ask(org, phone="+12125550199"),
            ask(org, email="sam@harbor.example"),
            post("/auth/otp/request", {"organization": "nowhere", "phone": PHONE}),
        )
    }
    assert answers == {(202, '{"status":"accepted"}')}
    assert len(list_event_data(org.id, OtpRequested)) == 1
    wrong = {
        verify(org, "000000").text[:60],
        post("/auth/otp/verify", {"organization": "x", "phone": PHONE, "code": "000000"}).text[:60],
    }
    assert len(wrong) == 1


def test_asking_and_answering_cost_the_same_whether_or_not_there_is_an_account() -> None:
    org = register_organization()
    driver(org)
    asking, answering = set(), set()
    for phone in (PHONE, "+12125550199"):
        before = call_stats.calls
        ask(org, phone=phone)
        asking.add(call_stats.calls - before)
        before = call_stats.calls
        wrong = other_than(sent(org)["code"])
        answered = post("/auth/otp/verify", {"organization": "harbor", "phone": phone, "code": wrong})
        assert answered.status == 401
        answering.add(call_stats.calls - before)
    assert (len(asking), len(answering)) == (1, 1)


def test_the_organizations_own_people_have_no_codes() -> None:
    org = register_organization()
    put(f"/users/{org.admin_id}", {"phone": PHONE}, org.token)
    assert ask(org).status == 202
    assert list_event_data(org.id, OtpRequested) == []


def test_a_disabled_driver_gets_none() -> None:
    org = register_organization()
    dee = driver(org)
    put(f"/users/{dee['id']}", {"status": "disabled"}, org.token)
    assert ask(org).status == 202
    assert list_event_data(org.id, OtpRequested) == []


def test_codes_for_one_account_are_limited() -> None:
    org = register_organization()
    driver(org)
    assert [ask(org).status for _ in range(6)] == [202] * 5 + [429]


def test_a_request_names_one_way_to_reach_somebody() -> None:
    for body in ({}, {"phone": PHONE, "email": "a@b.example"}, {"phone": "12"}):
        reply = post("/auth/otp/request", {"organization": "harbor", **body})
        assert reply.status == 422
    assert {each["field"] for each in post("/auth/otp/request", {"organization": "h"}).json()["errors"]} == {
        "email",
        "phone",
    }
