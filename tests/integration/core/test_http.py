"""Routes: authentication, validation, entity tags, idempotency, CORS, files and pages."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import Field

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.http.response_types import FileResponse, HtmlResponse, Response
from coachway.core.http.routing import AUTHENTICATED, PUBLIC, ApiRouter
from coachway.core.persistence.operations import Create, Update
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.problem_details import Problem
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PageQuery, PartialUpdate, RequestSchema, apply_changes
from coachway.core.types import ids
from coachway.core.types.money import NonNegativeApiAmount
from coachway.core.types.text import Text
from tests.integration.client import Reply, call, token_for
from tests.integration.conftest import TABLE

KITES = AccessPattern("a kite", pk="ORG#{org}#KITE#{id}", sk="HEAD")
KiteId = Annotated[str, Field(pattern=ids.pattern("kit"))]


class KiteInput(RequestSchema):
    name: Text
    price: NonNegativeApiAmount = 0
    length: float = 1.0


class Kite(Entity, KiteInput):
    KIND: ClassVar[str] = "kite"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"cost"})
    cost: NonNegativeApiAmount = 1234

    def key(self) -> Key:
        return KITES.key(org=self.org_id, id=self.id)

    def unique_values(self) -> dict[str, str]:
        return {"kite-name": self.name}


api = ApiRouter("kites", "Kites.")


@api.post("/kites", permission="kites:write", status=201)
def create_kite(caller: Caller, body: KiteInput) -> Kite:
    """Create a kite."""
    kite = Kite(id=ids.new("kit"), org_id=caller.org_id, **body.model_dump())
    store.commit(caller, Create(kite))
    return kite


@api.get("/kites/{kite_id}", permission="kites:read")
def get_kite(caller: Caller, kite_id: KiteId) -> Kite:
    return store.get(Kite, KITES.key(org=caller.org_id, id=kite_id))


@api.put("/kites/{kite_id}", permission="kites:write")
def update_kite(caller: Caller, kite_id: KiteId, body: PartialUpdate[KiteInput], if_match: int | None) -> Kite:
    before = store.get(Kite, KITES.key(org=caller.org_id, id=kite_id), expected=if_match)
    after = apply_changes(before, body)
    store.commit(caller, Update(before, after))
    return after


@api.get("/kites", permission=AUTHENTICATED)
def list_kites(query: PageQuery) -> Page[Kite]:
    return Page(items=[], next_cursor=None)


@api.post("/kites/echo", permission=PUBLIC, status=202)
def echo(body: KiteInput) -> dict[str, Any]:
    return {"echo": body.name}


@api.get("/kites/picture", permission=PUBLIC, media="image/png")
def get_picture() -> FileResponse:
    return FileResponse(b"\x89PNG", "image/png", "kite.png")


@api.post("/kites/broken", permission=PUBLIC)
def fail() -> Response:
    raise RuntimeError("boom")


def test_request_without_token_is_401_with_problem_details() -> None:
    reply = call(api, "POST", "/api/v1/kites", {"name": "Red"})
    assert reply.status == 401
    assert reply.headers["Content-Type"] == "application/problem+json"
    problem = reply.json()
    assert problem["status"] == 401
    assert problem["request_id"] == reply.headers["X-Request-Id"]


@pytest.mark.parametrize("token", ["malformed", "a.b.c", "e30.e30.", "Bearer"])
def test_request_with_forged_token_is_401(token: str) -> None:
    token_for()
    assert call(api, "GET", "/api/v1/kites", token=token).status == 401


def test_token_with_other_audience_issuer_or_expired_is_401() -> None:
    assert call(api, "GET", "/api/v1/kites", token=token_for(aud="elsewhere")).status == 401
    assert call(api, "GET", "/api/v1/kites", token=token_for(iss="elsewhere")).status == 401
    assert call(api, "GET", "/api/v1/kites", token=token_for(exp=1)).status == 401


def test_request_without_permission_is_403() -> None:
    assert call(api, "POST", "/api/v1/kites", {"name": "Red"}, token=token_for("kites:read")).status == 403


def test_external_role_is_403_even_with_permission() -> None:
    token = token_for("kites:write", role="client")
    assert call(api, "POST", "/api/v1/kites", {"name": "Red"}, token=token).status == 403


def test_created_entity_is_returned_with_etag_and_without_hidden_fields() -> None:
    token = token_for("kites:write kites:read")
    response = call(api, "POST", "/api/v1/kites", {"name": " Red ", "price": 12.5}, token=token)
    assert response.status == 201
    assert response.headers["ETag"] == '"1"'
    body = response.json()
    assert (body["name"], body["price"], body["version"]) == ("Red", 12.5, 1)
    assert not {"cost", "org_id", "deleted_at"} & body.keys()
    path = f"/api/v1/kites/{body['id']}"
    assert call(api, "GET", path, token=token).json() == body
    assert call(api, "GET", path, token=token, headers={"if-none-match": '"1"'}).status == 304


def test_entity_of_other_organization_is_404() -> None:
    kite = call(api, "POST", "/api/v1/kites", {"name": "Red"}, token=token_for("kites:write")).json()
    stranger = token_for("kites:write kites:read", org_id=ids.new("org"))
    assert call(api, "GET", f"/api/v1/kites/{kite['id']}", token=stranger).status == 404
    assert call(api, "PUT", f"/api/v1/kites/{kite['id']}", {"name": "X"}, token=stranger).status == 404


def test_partial_update_keeps_other_fields_and_checks_if_match() -> None:
    token = token_for("kites:write kites:read")
    kite = call(api, "POST", "/api/v1/kites", {"name": "Red", "price": 5}, token=token).json()
    path = f"/api/v1/kites/{kite['id']}"
    updated = call(api, "PUT", path, {"name": "Blue"}, token=token, headers={"if-match": '"1"'})
    assert (updated.status, updated.json()["price"], updated.json()["version"]) == (200, 5, 2)
    assert call(api, "PUT", path, {"name": "Green"}, token=token, headers={"if-match": '"1"'}).status == 412
    assert call(api, "PUT", path, {"name": "Green"}, token=token, headers={"if-match": "x"}).status == 400
    assert call(api, "PUT", path, {"name": None}, token=token).status == 422


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"{", 400),
        (b"", 422),
        (b"[]", 422),
        (b"\xff\xfe", 400),
        (b'{"name": "x", "unknown": 1}', 422),
        (b'{"name": "x", "price": -1}', 422),
        (b'{"name": "x", "price": 1.005}', 422),
        (b'{"name": "x", "price": "5"}', 422),
        (b'{"name": "x", "length": NaN}', 422),
        (b'{"name": "\\u0000"}', 422),
        (b'{"name": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400),
        (b'{"name": "' + b"x" * 1_000_001 + b'"}', 413),
    ],
)
def test_invalid_body_is_refused_with_problem_details(raw: bytes, status: int) -> None:
    reply = call(api, "POST", "/api/v1/kites", raw=raw, token=token_for("kites:write"))
    assert reply.status == status, reply.text
    assert reply.json()["status"] == status


def test_unsupported_media_type_is_415() -> None:
    reply = call(api, "POST", "/api/v1/kites/echo", raw=b"<a/>", headers={"content-type": "text/xml"})
    assert reply.status == 415


def test_malformed_id_is_404_and_invalid_query_is_422() -> None:
    token = token_for("kites:read")
    assert call(api, "GET", "/api/v1/kites/malformed", token=token).status == 404
    for query in ({"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"what": "1"}):
        assert call(api, "GET", "/api/v1/kites", token=token, query=query).status == 422


def test_repeated_query_parameter_is_422_although_its_values_are_valid() -> None:
    reply = call(api, "GET", "/api/v1/kites", token=token_for(), query={"limit": ["5", "6"]})
    assert reply.status == 422
    assert reply.json()["errors"] == [{"field": "limit", "message": "must not be repeated", "code": "repeated"}]


def test_query_of_route_without_query_is_422() -> None:
    path = f"/api/v1/kites/{ids.new('kit')}"
    reply = call(api, "GET", path, token=token_for("kites:read"), query={"limit": "5"})
    assert (reply.status, reply.json()["errors"][0]["code"]) == (422, "unknown_field")


@pytest.mark.parametrize(("raw", "status"), [(b"", 404), (b" {} ", 404), (b'{"name": "Red"}', 400), (b"x", 400)])
def test_body_of_route_without_body_is_400_unless_it_is_empty(raw: bytes, status: int) -> None:
    path = f"/api/v1/kites/{ids.new('kit')}"
    reply = call(api, "GET", path, token=token_for("kites:read"), raw=raw)
    assert reply.status == status
    assert reply.json()["code"] == ("not_found" if status == 404 else "unexpected_body")


def test_file_and_page_ignore_unknown_query() -> None:
    assert call(api, "GET", "/api/v1/kites/picture", query={"utm_source": ["mail", "mail"]}).status == 200


def test_replayed_response_carries_etag_of_first() -> None:
    token, headers = token_for("kites:write"), {"idempotency-key": "k-etag"}
    first, again = (call(api, "POST", "/api/v1/kites", {"name": "Red"}, token=token, headers=headers) for _ in range(2))
    assert first.headers["ETag"] == again.headers["ETag"] == '"1"'
    assert again.headers["Idempotent-Replayed"] == "true"


def test_repeated_idempotency_key_returns_first_response() -> None:
    token = token_for("kites:write")
    headers = {"idempotency-key": "k-1"}
    first = call(api, "POST", "/api/v1/kites", {"name": "Red"}, token=token, headers=headers)
    again = call(api, "POST", "/api/v1/kites", {"name": "Red"}, token=token, headers=headers)
    assert (again.status, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert call(api, "POST", "/api/v1/kites", {"name": "Blue"}, token=token, headers=headers).status == 422
    other = token_for("kites:write", user_id="usr_01JQZZZZZZZZZZZZZZZZZZZZZY")
    assert call(api, "POST", "/api/v1/kites", {"name": "Green"}, token=other, headers=headers).status == 201


def test_repeated_idempotency_key_of_route_without_commit_returns_first_response() -> None:
    headers = {"idempotency-key": "k-2"}
    first = call(api, "POST", "/api/v1/kites/echo", {"name": "Red"}, headers=headers)
    again = call(api, "POST", "/api/v1/kites/echo", {"name": "Red"}, headers=headers)
    assert (first.status, again.status, again.text) == (202, 202, first.text)
    assert call(api, "POST", "/api/v1/kites/echo", {"name": "Blue"}, headers=headers).status == 422


@pytest.mark.parametrize("path", ["/api/v1/kites", "/api/v1/kites/echo"])
def test_idempotency_key_expires_after_a_day_although_its_item_still_exists(path: str) -> None:
    headers, token, now = {"idempotency-key": "k-3"}, token_for("kites:write"), clock.now()

    def post(name: str) -> Reply:
        return call(api, "POST", path, {"name": name}, token=token, headers=headers)

    first = post("Red")
    with clock.frozen(now + timedelta(hours=24, seconds=1)):
        later = post("Blue")
        assert later.status == first.status < 300
        assert "Idempotent-Replayed" not in later.headers
        assert post("Blue").text == later.text


def test_content_of_invalid_stored_record_is_not_logged(dynamodb: Any, caplog: pytest.LogCaptureFixture) -> None:
    kite = call(api, "POST", "/api/v1/kites", {"name": "Dana Lee"}, token=token_for("kites:write")).json()
    [item] = [item for item in dynamodb.scan(TableName=TABLE)["Items"] if item["kind"]["S"] == "kite"]
    item["doc"] = {"S": item["doc"]["S"].replace('"Dana Lee"', '["Dana Lee"]')}
    dynamodb.put_item(TableName=TABLE, Item=item)
    assert call(api, "GET", f"/api/v1/kites/{kite['id']}", token=token_for("kites:read")).status == 500
    log = caplog.text
    assert "ValidationError" in log
    assert "Dana" not in log


def test_unexpected_error_is_500_without_its_message() -> None:
    reply = call(api, "POST", "/api/v1/kites/broken")
    assert reply.status == 500
    assert "boom" not in reply.text


def test_cors_headers_are_sent_to_allowed_origins_only() -> None:
    allowed = call(api, "OPTIONS", "/api/v1/kites", headers={"origin": "https://app.harbor.example"})
    assert allowed.status == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://app.harbor.example"
    assert (
        "Access-Control-Allow-Origin"
        not in call(api, "OPTIONS", "/api/v1/kites", headers={"origin": "https://evil"}).headers
    )


def test_response_has_correlation_id_and_security_headers() -> None:
    reply = call(api, "GET", "/api/v1/kites/health", headers={"x-correlation-id": "abc-1"})
    assert reply.headers["X-Correlation-Id"] == "abc-1"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    invalid = call(api, "GET", "/api/v1/kites/health", headers={"x-correlation-id": "a b\n"})
    assert invalid.headers["X-Correlation-Id"] == invalid.headers["X-Request-Id"]


def test_file_is_returned_in_base64() -> None:
    reply = call(api, "GET", "/api/v1/kites/picture")
    assert reply.headers["Content-Type"] == "image/png"
    assert reply.text == "iVBORw=="


def test_health_returns_status_and_service_name() -> None:
    body = json.loads(call(api, "GET", "/api/v1/kites/health").text)
    assert (body["status"], body["service"], body["checks"]) == ("healthy", "kites", {"table": "ok"})


class Wish(RequestSchema):
    name: Text
    strong: bool = False


def error_page(problem: Problem) -> HtmlResponse:
    return HtmlResponse(f"<h1>{problem.title}</h1>")


pages = ApiRouter("kite-pages", "Pages on kites.", health=False, error_page=error_page)


@pages.post("/pages/kites/wish", permission=PUBLIC, media="text/html", base="")
def send_wish_form(form: Wish) -> HtmlResponse:
    return HtmlResponse(f"<p>{form.name} {form.strong}</p>")


def post(raw: bytes, kind: str = "application/x-www-form-urlencoded") -> Reply:
    return call(pages, "POST", "/pages/kites/wish", raw=raw, headers={"content-type": kind, "idempotency-key": "k"})


def test_form_is_parsed_and_answered_with_a_page() -> None:
    response = post("name=Zoë+%26+co&strong=on".encode())
    assert (response.status, response.text) == (200, "<p>Zoë & co True</p>")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "form-action 'self'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b'{"name": "x"}', "application/json", 415),
        (b"name=%ff", "application/x-www-form-urlencoded", 400),
        (b"name=\xff", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=1" for _ in range(200)), "application/x-www-form-urlencoded", 400),
        (b"name=x&other=1", "application/x-www-form-urlencoded", 422),
        (b"", "application/x-www-form-urlencoded; charset=utf-8", 422),
        (b"name=" + b"x" * 1_000_001, "application/x-www-form-urlencoded", 413),
    ],
)
def test_invalid_form_is_refused_with_an_error_page(raw: bytes, kind: str, status: int) -> None:
    response = post(raw, kind)
    assert response.status == status
    assert response.text.startswith("<h1>")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
