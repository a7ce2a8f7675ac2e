"""Login of clients, vendors and drivers with one-time codes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from coachway.contracts.identity import OTP, OtpRequested, UserSignedIn
from coachway.core import store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock
from coachway.identity.account_lookup import get_user
from coachway.identity.model import permissions
from tests.integration.client import Reply
from tests.integration.identity.builders import (
    Org,
    create_party,
    get,
    list_event_data,
    post,
    put,
    register_organization,
)

PHONE = "+12125550123"


def create_driver(org: Org, **fields: Any) -> Any:
    body = {"phone": PHONE, "first_name": "Dee", "last_name": "Wright", "role": "driver", **fields}
    reply = post("/users", body, org.token)
    assert reply.status == 201, reply.text
    return reply.json()


def request_code(org: Org, **address: str) -> Reply:
    return post("/auth/otp/request", {"organization": org.slug, **(address or {"phone": PHONE})})


def get_sent_code(org: Org) -> Any:
    """The newest `OtpRequested` event, with the code of its email or SMS."""
    event = list_event_data(org.id, OtpRequested)[-1]
    return {**event, "code": signed_links.create_one_time_code(OTP, org.id, event["user_id"], event["nonce"])}


def verify_code(org: Org, code: str, **fields: Any) -> Reply:
    return post("/auth/otp/verify", {"organization": org.slug, "phone": PHONE, "code": code, **fields})


def different_code(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_driver_logs_in_with_code_sent_by_sms() -> None:
    org = register_organization()
    driver = create_driver(org)
    assert request_code(org).status == 202
    event = get_sent_code(org)
    assert (event["channel"], event["recipient"], event["first_name"]) == ("sms", PHONE, "Dee")
    login = verify_code(org, event["code"])
    assert login.status == 200, login.text
    me = get("/auth/me", login.json()["access_token"]).json()
    assert (me["id"], me["role"], me["permissions"]) == (
        driver["id"],
        "driver",
        sorted(permissions.BUILT_IN_ROLES["driver"]),
    )
    assert list_event_data(org.id, UserSignedIn)[-1]["method"] == "otp"


def test_phone_and_code_are_accepted_in_every_spelling() -> None:
    org = register_organization()
    driver = create_driver(org, phone="+44 (0)20 7946 0958")
    assert driver["phone"] == "+442079460958"
    for phone in ("+4402079460958", "\uff0b44 20 7946\u20110958", "\u202a+442079460958\u202c"):
        body = {"first_name": "Dee", "last_name": "Wright", "role": "driver", "phone": phone}
        assert post("/users", body, org.token).status == 409, phone
        assert request_code(org, phone=phone).status == 202
        event = get_sent_code(org)
        assert event["recipient"] == "+442079460958"
        code = f"{event['code'][:3]} {event['code'][3:]}"
        assert verify_code(org, code, phone=phone).status == 200, phone


def test_user_stored_with_national_prefix_logs_in() -> None:
    org = register_organization()
    driver = create_driver(org, phone="+442079460958")
    stored = get_user(org.id, driver["id"])
    store.commit(Caller.system("tests", org.id), Update(stored, stored.model_copy(update={"phone": "+4402079460958"})))
    assert request_code(org, phone="+44 (0)20 7946 0958").status == 202
    event = get_sent_code(org)
    assert verify_code(org, event["code"], phone="+442079460958").status == 200
    renamed = put(f"/users/{driver['id']}", {"first_name": "Di"}, org.token)
    assert (renamed.status, renamed.json()["phone"]) == (200, "+4402079460958")


def test_client_logs_in_with_code_sent_by_email() -> None:
    org = register_organization()
    body = {
        "email": "dana@acme.example",
        "first_name": "Dana",
        "last_name": "Lee",
        "role": "client",
        "party_id": create_party(org, "client"),
    }
    assert post("/users", body, org.token).status == 201
    assert request_code(org, email="Dana@ACME.example").status == 202
    event = get_sent_code(org)
    assert (event["channel"], event["recipient"]) == ("email", "dana@acme.example")
    login = post("/auth/otp/verify", {"organization": "harbor", "email": "dana@acme.example", "code": event["code"]})
    assert login.status == 200


def test_otp_requested_event_does_not_contain_the_code() -> None:
    org = register_organization()
    create_driver(org)
    request_code(org)
    event = get_sent_code(org)
    code = event.pop("code")
    assert code not in str(event)


def test_code_used_twice_is_refused() -> None:
    org = register_organization()
    create_driver(org)
    request_code(org)
    code = get_sent_code(org)["code"]
    assert verify_code(org, code).status == 200
    assert verify_code(org, code).status == 401


def test_new_code_replaces_the_previous_one() -> None:
    org = register_organization()
    create_driver(org)
    request_code(org)
    first = get_sent_code(org)["code"]
    request_code(org)
    second = get_sent_code(org)["code"]
    assert first == second or verify_code(org, first).status == 401
    assert verify_code(org, second).status == 200


def test_code_after_ten_minutes_is_refused() -> None:
    org = register_organization()
    create_driver(org)
    now = clock.now()
    for ago, status in ((timedelta(minutes=10), 401), (timedelta(minutes=9, seconds=50), 200)):
        with clock.frozen(now - ago):
            request_code(org)
            code = get_sent_code(org)["code"]
        with clock.frozen(now):
            assert verify_code(org, code).status == status


def test_right_code_after_five_wrong_ones_is_refused() -> None:
    org = register_organization()
    create_driver(org)
    request_code(org)
    code = get_sent_code(org)["code"]
    assert [verify_code(org, different_code(code)).status for _ in range(5)] == [401] * 5
    assert verify_code(org, code).status == 401


def test_ten_wrong_codes_lock_the_account() -> None:
    org = register_organization()
    create_driver(org)
    for _ in range(2):
        request_code(org)
        for _ in range(5):
            verify_code(org, different_code(get_sent_code(org)["code"]))
    request_code(org)
    assert verify_code(org, get_sent_code(org)["code"]).status == 429


def test_responses_do_not_reveal_whether_the_account_exists() -> None:
    org = register_organization()
    create_driver(org)
    org.create_user("sam@harbor.example")
    responses = {
        (reply.status, reply.text)
        for reply in (
            request_code(org),
            request_code(org, phone="+12125550199"),
            request_code(org, email="sam@harbor.example"),
            post("/auth/otp/request", {"organization": "nowhere", "phone": PHONE}),
        )
    }
    assert responses == {(202, '{"status":"accepted"}')}
    assert len(list_event_data(org.id, OtpRequested)) == 1
    refusals = {
        verify_code(org, "000000").text[:60],
        post("/auth/otp/verify", {"organization": "x", "phone": PHONE, "code": "000000"}).text[:60],
    }
    assert len(refusals) == 1


def test_number_of_table_calls_does_not_reveal_whether_the_account_exists() -> None:
    org = register_organization()
    create_driver(org)
    request_costs, verify_costs = set(), set()
    for phone in (PHONE, "+12125550199"):
        before = call_stats.calls
        request_code(org, phone=phone)
        request_costs.add(call_stats.calls - before)
        before = call_stats.calls
        wrong = different_code(get_sent_code(org)["code"])
        refused = post("/auth/otp/verify", {"organization": "harbor", "phone": phone, "code": wrong})
        assert refused.status == 401
        verify_costs.add(call_stats.calls - before)
    assert (len(request_costs), len(verify_costs)) == (1, 1)


def test_code_sent_to_a_number_that_was_corrected_is_refused() -> None:
    org = register_organization()
    driver = create_driver(org)
    request_code(org)
    code = get_sent_code(org)["code"]
    assert put(f"/users/{driver['id']}", {"phone": "+12125550124"}, org.token).status == 200
    assert verify_code(org, code).status == 401
    assert verify_code(org, code, phone="+12125550124").status == 401


def test_request_code_repeated_with_idempotency_key_sends_one_code() -> None:
    org = register_organization()
    create_driver(org)

    def request(phone: str) -> int:
        body = {"organization": org.slug, "phone": phone}
        return post("/auth/otp/request", body, headers={"Idempotency-Key": "once"}).status

    assert [request("+12125550199"), request(PHONE)] == [202, 422]
    assert list_event_data(org.id, OtpRequested) == []
    assert [request_code(org).status, len(list_event_data(org.id, OtpRequested))] == [202, 1]


def test_request_code_for_internal_user_sends_nothing() -> None:
    org = register_organization()
    put(f"/users/{org.admin_id}", {"phone": PHONE}, org.token)
    assert request_code(org).status == 202
    assert list_event_data(org.id, OtpRequested) == []


def test_request_code_for_disabled_driver_sends_nothing() -> None:
    org = register_organization()
    driver = create_driver(org)
    put(f"/users/{driver['id']}", {"status": "disabled"}, org.token)
    assert request_code(org).status == 202
    assert list_event_data(org.id, OtpRequested) == []


def test_request_code_too_often_is_rate_limited() -> None:
    org = register_organization()
    create_driver(org)
    assert [request_code(org).status for _ in range(6)] == [202] * 5 + [429]


def test_request_code_requires_either_email_or_phone() -> None:
    for body in ({}, {"phone": PHONE, "email": "a@b.example"}, {"phone": "12"}):
        reply = post("/auth/otp/request", {"organization": "harbor", **body})
        assert reply.status == 422
    assert {each["field"] for each in post("/auth/otp/request", {"organization": "h"}).json()["errors"]} == {
        "email",
        "phone",
    }
