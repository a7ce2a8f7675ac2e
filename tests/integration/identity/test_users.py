"""People: invitations, rights that nobody can raise, and the last admin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from coachway.contracts.identity import INVITATION, UserInvited, UserJoined
from coachway.core import store
from coachway.core.auth import signed_links
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.identity.model.user import USERS
from tests.integration.client import Reply
from tests.integration.identity.builders import (
    PASSWORD,
    Org,
    delete,
    get,
    list_event_data,
    post,
    put,
    register_organization,
)

SAM = {"first_name": "Sam", "last_name": "Okafor"}


def accept(token: str, password: str = PASSWORD) -> Reply:
    return post("/auth/invitations/accept", {"token": token, "password": password})


def with_rights(org: Org, *permissions: str) -> str:
    """The token of somebody in a role of these permissions."""
    assert post("/roles", {"name": "special", "permissions": list(permissions)}, org.token).status == 201
    return str(org.create_user("special@harbor.example", "special")["access_token"])


# Invitations


def test_an_invited_person_joins() -> None:
    org = register_organization()
    person = org.create_user("sam@harbor.example")
    assert (person["email"], person["role"]) == ("sam@harbor.example", "staff")
    assert get("/auth/me", person["access_token"]).json()["first_name"] == "Sam"
    assert [each["role"] for each in list_event_data(org.id, UserJoined)] == ["staff"]


def test_an_invitation_is_told_with_what_its_mail_needs_but_its_token() -> None:
    org = register_organization()
    invited = org.invite("sam@harbor.example")
    assert (invited["status"], invited["role"]) == ("invited", "staff")
    (told,) = list_event_data(org.id, UserInvited)
    assert (told["email"], told["invited_by"], told["organization_name"]) == (
        "sam@harbor.example",
        "Ana Ruiz",
        "Harbor Coach",
    )
    assert (
        signed_links.create_link_token(INVITATION, org.id, told["user_id"], told["nonce"])
        == invited["invitation_token"]
    )
    assert invited["invitation_token"] not in str(told)


def test_an_invitation_is_good_once_and_for_a_week() -> None:
    org = register_organization()
    token = org.invite("sam@harbor.example")["invitation_token"]
    assert accept(token).status == 201
    assert accept(token).status == 404
    other = org.invite("eva@harbor.example")["invitation_token"]
    with clock.frozen(clock.now() + timedelta(days=7, seconds=1)):
        assert accept(other).status == 404


def test_a_second_invitation_voids_the_first_and_says_what_counts() -> None:
    org = register_organization()
    first = org.invite("sam@harbor.example", "staff")
    second = org.invite("Sam@Harbor.example", "viewer")
    assert first["id"] == second["id"]
    assert accept(first["invitation_token"]).status == 404
    assert accept(second["invitation_token"]).json()["role"] == "viewer"


def test_somebody_who_has_joined_cannot_be_invited_again() -> None:
    org = register_organization()
    org.create_user("sam@harbor.example")
    refused = post("/users/invite", {"email": "SAM@harbor.example", "role": "staff", **SAM}, org.token)
    assert (refused.status, refused.json()["errors"][0]["field"]) == (409, "email")


def test_nobody_logs_in_before_they_have_joined() -> None:
    org = register_organization()
    org.invite("sam@harbor.example")
    assert org.log_in("sam@harbor.example").status == 401
    user_id = get("/users", org.token, {"status": "invited"}).json()["items"][0]["id"]
    assert put(f"/users/{user_id}", {"status": "active"}, org.token).status == 409


def test_an_invitation_to_a_weak_password_is_refused_and_stays_good() -> None:
    org = register_organization()
    token = org.invite("sam@harbor.example")["invitation_token"]
    assert accept(token, "short").status == 422
    assert accept(token).status == 201


def test_many_acceptances_at_the_same_time_are_one() -> None:
    org = register_organization()
    token = org.invite("sam@harbor.example", "admin")["invitation_token"]
    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(each.status for each in pool.map(lambda _: accept(token), range(6)))
    assert statuses == [201] + [404] * 5
    assert len(list_event_data(org.id, UserJoined)) == 1


# Users


def test_users_are_added_listed_found_changed_and_removed() -> None:
    org = register_organization()
    made = post("/users", {"email": "Sam@harbor.example", "role": "staff", "password": PASSWORD, **SAM}, org.token)
    assert made.status == 201, made.text
    user = made.json()
    assert not {"org_id", "password", "password_hash", "deleted_at"} & user.keys()
    assert org.log_in("sam@harbor.example").status == 200
    assert get(f"/users/{user['id']}", org.token).json() == user
    assert [each["id"] for each in get("/users", org.token).json()["items"]] == [user["id"], org.admin_id]
    assert [each["id"] for each in get("/users", org.token, {"role": "admin"}).json()["items"]] == [org.admin_id]
    assert get("/users", org.token, {"role": "staff", "status": "disabled"}).json()["items"] == []
    path = f"/users/{user['id']}"
    changed = put(path, {"first_name": "Samuel"}, org.token, headers={"if-match": '"1"'})
    assert (changed.status, changed.json()["first_name"], changed.json()["last_name"]) == (200, "Samuel", "Okafor")
    assert put(path, {"first_name": "S"}, org.token, headers={"if-match": '"1"'}).status == 412
    assert delete(path, org.token).status == 204
    assert get(path, org.token).status == 404
    assert org.log_in("sam@harbor.example").status == 401
    again = post("/users", {"email": "sam@harbor.example", "role": "staff", "password": PASSWORD, **SAM}, org.token)
    assert again.status == 201


def test_users_of_many_months_are_listed_newest_first() -> None:
    now = clock.now()
    with clock.frozen(now - timedelta(days=150)):
        org = register_organization()
    token = org.log_in().json()["access_token"]
    made = [org.admin_id]
    for days in (149, 90, 89, 30, 0):
        with clock.frozen(now - timedelta(days=days)):
            body = {"email": f"d{days}@harbor.example", "role": "driver", **SAM}
            made.append(post("/users", body, token).json()["id"])
    for query, wanted in (({}, made[::-1]), ({"role": "driver"}, made[:0:-1])):
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = get("/users", token, {"limit": "2", **query, **cursor}).json()
            found += [each["id"] for each in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert found == wanted


def test_an_email_and_a_phone_belong_to_one_user() -> None:
    org = register_organization()
    body = {"email": "sam@harbor.example", "phone": "+12125550123", "role": "driver", **SAM}
    assert post("/users", body, org.token).status == 201
    for name, value in (("email", "SAM@harbor.example"), ("phone", "+1 212 555 0123")):
        refused = post("/users", {"role": "driver", **SAM, name: value}, org.token)
        assert (refused.status, refused.json()["errors"][0]["field"]) == (409, name)


def test_inside_people_need_a_password_or_an_invitation() -> None:
    org = register_organization()
    refused = post("/users", {"email": "sam@harbor.example", "role": "staff", **SAM}, org.token)
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "password")


def test_outside_people_carry_whom_they_act_for() -> None:
    org = register_organization()
    client = ids.new("cli")
    dana = org.create_user("dana@acme.example", "client", party_id=client)
    assert get("/auth/me", dana["access_token"]).json()["party_id"] == client
    assert get("/users", dana["access_token"]).status == 403


@pytest.mark.parametrize("change", [{"role": "viewer"}, {"status": "disabled"}])
def test_other_rights_end_the_sessions_that_had_the_old_ones(change: Any) -> None:
    org = register_organization()
    sam = org.create_user("sam@harbor.example")
    assert put(f"/users/{sam['id']}", change, org.token).status == 200
    assert get("/auth/me", sam["access_token"]).status == 401
    assert post("/auth/refresh", {"refresh_token": sam["refresh_token"]}).status == 401


def test_another_name_ends_no_session() -> None:
    org = register_organization()
    sam = org.create_user("sam@harbor.example")
    assert put(f"/users/{sam['id']}", {"last_name": "Okafor-Lee"}, org.token).status == 200
    assert get("/auth/me", sam["access_token"]).json()["last_name"] == "Okafor-Lee"


def test_a_removed_users_session_is_over() -> None:
    org = register_organization()
    sam = org.create_user("sam@harbor.example", "admin")
    assert delete(f"/users/{sam['id']}", org.token).status == 204
    assert get("/auth/me", sam["access_token"]).status == 401
    assert post("/auth/refresh", {"refresh_token": sam["refresh_token"]}).status == 401
    assert (
        post("/users/invite", {"email": "x@harbor.example", "role": "staff", **SAM}, sam["access_token"]).status == 401
    )


# Rights


def test_staff_managers_and_viewers_do_not_change_people() -> None:
    org = register_organization()
    for role in ("staff", "manager", "viewer"):
        token = org.create_user(f"{role}@harbor.example", role)["access_token"]
        assert post("/users/invite", {"email": "x@harbor.example", "role": "viewer", **SAM}, token).status == 403
        assert put(f"/users/{org.admin_id}", {"first_name": "X"}, token).status == 403
        assert delete(f"/users/{org.admin_id}", token).status == 403
        assert post("/roles", {"name": "mine", "permissions": []}, token).status == 403
        assert post("/api-keys", {"name": "mine", "permissions": ["clients:read"]}, token).status == 403
        assert put("/organization", {"name": "Mine"}, token).status == 403


def test_nobody_gives_a_role_with_more_rights_than_their_own() -> None:
    org = register_organization()
    token = with_rights(org, "users:write", "users:read", "clients:read")
    for role in ("admin", "manager", "staff", "viewer"):
        refused = post("/users/invite", {"email": "x@harbor.example", "role": role, **SAM}, token)
        assert (refused.status, refused.json()["title"]) == (403, "More than your own permissions")
        body = {"email": "x@harbor.example", "role": role, "password": PASSWORD, **SAM}
        assert post("/users", body, token).status == 403
    me = get("/auth/me", token).json()["id"]
    assert put(f"/users/{me}", {"role": "admin"}, token).status == 403
    assert post("/users/invite", {"email": "x@harbor.example", "role": "special", **SAM}, token).status == 201


def test_nobody_touches_somebody_with_more_rights_than_their_own() -> None:
    org = register_organization()
    token = with_rights(org, "users:write", "users:read")
    for change in ({"email": "mine@harbor.example"}, {"status": "disabled"}, {"role": "special"}):
        assert put(f"/users/{org.admin_id}", change, token).status == 403
    assert delete(f"/users/{org.admin_id}", token).status == 403
    invited = org.invite("boss@harbor.example", "admin")
    taken = post("/users/invite", {"email": "boss@harbor.example", "role": "special", **SAM}, token)
    assert taken.status == 403
    assert accept(invited["invitation_token"]).status == 201


@pytest.mark.parametrize("role", ["platform", "nothing", "system", "api_key", "anonymous"])
def test_a_role_that_is_not_the_organizations_to_give_is_refused(role: str) -> None:
    org = register_organization()
    refused = post("/users/invite", {"email": "x@harbor.example", "role": role, **SAM}, org.token)
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "role")
    assert put(f"/users/{org.admin_id}", {"role": role}, org.token).status == 422


@pytest.mark.parametrize(
    "extra",
    [
        {"permissions": ["users:write"]},
        {"org_id": "org_1"},
        {"status": "active"},
        {"id": "usr_1"},
        {"mfa_enabled": True},
    ],
)
def test_what_is_not_asked_for_is_refused(extra: Any) -> None:
    org = register_organization()
    assert (
        post("/users/invite", {"email": "x@harbor.example", "role": "staff", **SAM, **extra}, org.token).status == 422
    )


# The last admin


def test_the_last_admin_stays() -> None:
    org = register_organization()
    path = f"/users/{org.admin_id}"
    for refused in (
        put(path, {"role": "staff"}, org.token),
        put(path, {"status": "disabled"}, org.token),
        delete(path, org.token),
    ):
        assert (refused.status, refused.json()["title"]) == (409, "The last active admin")
    assert get("/auth/me", org.token).json()["role"] == "admin"


def test_an_admin_who_has_not_joined_does_not_count() -> None:
    org = register_organization()
    invited = org.invite("eva@harbor.example", "admin")
    assert delete(f"/users/{org.admin_id}", org.token).status == 409
    assert delete(f"/users/{invited['id']}", org.token).status == 204
    assert delete(f"/users/{org.admin_id}", org.token).status == 409


def test_with_two_admins_one_may_go_and_comes_back_to_be_counted() -> None:
    org = register_organization()
    eva = org.create_user("eva@harbor.example", "admin")
    path = f"/users/{eva['id']}"
    assert put(path, {"status": "disabled"}, org.token).status == 200
    assert put(f"/users/{org.admin_id}", {"role": "staff"}, org.token).status == 409
    assert put(path, {"status": "active"}, org.token).status == 200
    assert delete(f"/users/{org.admin_id}", org.token).status == 204
    eva = org.log_in("eva@harbor.example").json()
    assert delete(path, eva["access_token"]).status == 409


def test_two_admins_who_remove_each_other_at_the_same_time_leave_one() -> None:
    org = register_organization()
    eva = org.create_user("eva@harbor.example", "admin")
    jobs = [(eva["id"], org.token), (org.admin_id, eva["access_token"])]
    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(each.status for each in pool.map(lambda job: delete(f"/users/{job[0]}", job[1]), jobs))
    assert statuses in ([204, 401], [204, 409])


# Other organizations


def test_another_organizations_people_are_not_there() -> None:
    org, other = register_organization(), register_organization("other")
    sam = org.create_user("sam@harbor.example")
    path = f"/users/{sam['id']}"
    assert get(path, other.token).status == 404
    assert put(path, {"first_name": "X"}, other.token).status == 404
    assert delete(path, other.token).status == 404
    assert [each["id"] for each in get("/users", other.token).json()["items"]] == [other.admin_id]
    cursor = get("/users", org.token, {"limit": "1"}).json()["next_cursor"]
    assert get("/users", other.token, {"limit": "1", "cursor": cursor}).status == 422


def test_the_same_person_may_be_in_two_organizations() -> None:
    register_organization()
    other = register_organization("other")
    assert other.create_user("ana@harbor.example")["role"] == "staff"


def test_what_a_user_is_known_by_in_the_table_names_the_organization() -> None:
    org = register_organization()
    assert USERS.key(org=org.id, id=org.admin_id).pk.startswith(f"ORG#{org.id}#")
    assert store.find_unique_owner(org.id, "user-email", org.email) == org.admin_id
