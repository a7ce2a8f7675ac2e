"""The logo of an organization, through its routes, on pages and in PDFs."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from coachway.contracts.identity import OrganizationUpdated
from coachway.core.documents import html, pdf
from coachway.core.persistence.table import call_stats
from coachway.identity import organization_queries
from coachway.identity.model.logo import MAX_LOGO_BYTES
from coachway.identity.organizations import logos
from coachway.identity.organizations.branding import build_brand
from tests.integration.client import Reply, call
from tests.integration.identity.builders import Org, get, list_event_data, put, register_organization
from tests.unit.core.png import build_png
from tools.function_modules import load

api = load("identity", "logo_api").api
WIDE, SQUARE = build_png(480, 160), build_png(90, 90, color=6)
JPEG = (Path(__file__).parents[2] / "unit" / "core" / "harbor.jpg").read_bytes()


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    logos.clear_cache()


def upload(org: Org, content: bytes, token: str = "") -> Reply:
    body = {"image": base64.b64encode(content).decode()}
    return call(api, "PUT", "/api/v1/organization/logo", body, token=token or org.token)


def remove(org: Org) -> int:
    return call(api, "DELETE", "/api/v1/organization/logo", token=org.token).status


def find_image(org: Org, digest: str) -> Any:
    return logos._find_image(org.id, digest)


def get_brand(org: Org) -> Any:
    return build_brand(organization_queries.get_organization(org.id))


@pytest.mark.parametrize(
    ("content", "media_type", "size"),
    [(WIDE, "image/png", (480, 160)), (SQUARE, "image/png", (90, 90)), (JPEG, "image/jpeg", (240, 80))],
)
def test_uploaded_logo_is_on_pages(content: bytes, media_type: str, size: tuple[int, int]) -> None:
    org = register_organization()
    reply = upload(org, content)
    assert reply.status == 200, reply.text
    logo = reply.json()["logo"]
    assert (logo["media_type"], (logo["width"], logo["height"])) == (media_type, size)
    assert get("/organization", org.token).json()["logo"] == logo
    brand = get_brand(org)
    page = html.render_template(html.TEMPLATES, "error_page.html", brand=brand, title="x", advice="", reference="")
    assert f'<img src="data:{media_type};base64,' in page.text
    assert "img-src data:" in page.policy


def test_uploaded_logo_comes_before_the_address_of_another() -> None:
    org = register_organization()
    put("/organization", {"branding": {"logo_url": "https://harbor.example/logo.png"}}, org.token)
    upload(org, WIDE)
    arguments: dict[str, Any] = {"title": "x", "advice": "", "reference": ""}
    page = html.render_template(html.TEMPLATES, "error_page.html", brand=get_brand(org), **arguments)
    assert "harbor.example/logo.png" not in page.text
    assert remove(org) == 204
    page = html.render_template(html.TEMPLATES, "error_page.html", brand=get_brand(org), **arguments)
    assert "https://harbor.example/logo.png" in page.text


def test_new_logo_replaces_the_one_before() -> None:
    org = register_organization()
    first, second = upload(org, WIDE).json()["logo"], upload(org, SQUARE).json()["logo"]
    assert find_image(org, first["digest"]) is None
    assert find_image(org, second["digest"]) is not None
    again = upload(org, WIDE).json()["logo"]
    assert again == first
    assert get_brand(org).logo.width == 480


def test_same_logo_twice_changes_nothing() -> None:
    org = register_organization()
    before, after = upload(org, WIDE).json(), upload(org, WIDE).json()
    assert before == after
    assert len(list_event_data(org.id, OrganizationUpdated)) == 1


def test_removed_logo_is_gone() -> None:
    org = register_organization()
    digest = upload(org, WIDE).json()["logo"]["digest"]
    assert [remove(org), remove(org)] == [204, 204]
    assert get("/organization", org.token).json()["logo"] is None
    assert (find_image(org, digest), get_brand(org).logo) == (None, None)


def test_uploads_at_once_leave_one_logo() -> None:
    org = register_organization()
    contents = [WIDE, SQUARE, JPEG, WIDE, SQUARE]
    with ThreadPoolExecutor(5) as pool:
        replies = list(pool.map(lambda content: upload(org, content), contents))
    assert {reply.status for reply in replies} <= {200, 409}
    digests = {reply.json()["logo"]["digest"] for reply in replies if reply.status == 200}
    current = get("/organization", org.token).json()["logo"]["digest"]
    assert current in digests
    assert [digest for digest in digests if find_image(org, digest) is not None] == [current]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"GIF89a" + bytes(30), "must be a PNG or JPEG file"),
        (WIDE[:-20], "is a damaged PNG file"),
        (build_png(2001, 1), "not 2001 × 1"),
        (bytes(MAX_LOGO_BYTES + 1), "must have at most 100,000 bytes, not 100,001"),
    ],
)
def test_other_files_are_refused(content: bytes, problem: str) -> None:
    org = register_organization()
    reply = upload(org, content)
    assert (reply.status, problem in reply.text) == (422, True)
    assert reply.json()["errors"][0]["field"] == "image"
    assert get("/organization", org.token).json()["logo"] is None


@pytest.mark.parametrize("image", ["", "no base64!", "abc", "x" * 200_000, None, 7])
def test_other_texts_are_refused(image: Any) -> None:
    org = register_organization()
    reply = call(api, "PUT", "/api/v1/organization/logo", {"image": image}, token=org.token)
    assert (reply.status, reply.json()["errors"][0]["field"]) == (422, "image")


def test_largest_logo_is_stored() -> None:
    org = register_organization()
    rest = MAX_LOGO_BYTES - len(JPEG) - 2 * 4
    profiles = [b"\xff\xe2" + (size + 2).to_bytes(2, "big") + bytes(size) for size in (60_000, rest - 60_000)]
    largest = JPEG[:2] + b"".join(profiles) + JPEG[2:]
    assert len(largest) == MAX_LOGO_BYTES
    assert upload(org, largest).status == 200
    assert find_image(org, upload(org, largest).json()["logo"]["digest"]) is not None
    assert upload(org, build_png(2000, 2000, depth=1, color=0)).status == 200


def test_only_admins_set_the_logo_of_their_organization() -> None:
    org, other = register_organization(), register_organization("other")
    agent = org.create_user("sam@harbor.example", "staff")["access_token"]
    for token, status in (("", 401), (agent, 403)):
        body = {"image": base64.b64encode(WIDE).decode()}
        assert call(api, "PUT", "/api/v1/organization/logo", body, token=token).status == status
        assert call(api, "DELETE", "/api/v1/organization/logo", token=token).status == status
    upload(org, WIDE)
    assert get("/organization", other.token).json()["logo"] is None


def test_process_reads_the_image_once() -> None:
    org = register_organization()
    upload(org, WIDE)
    organization = organization_queries.get_organization(org.id)
    before = call_stats.calls
    for _ in range(3):
        assert build_brand(organization).logo is not None
    assert call_stats.calls - before == 1


ITINERARY = Path(pdf.__file__).parents[2] / "bookings" / "templates" / "itinerary.typ"


def render(brand: Any) -> pdf.Pdf:
    return pdf.render_template(
        ITINERARY,
        brand,
        title="Itinerary",
        subtitle="CH-2027-000001",
        reference="CH-2027-000001",
        currency="USD",
        days="Wednesday",
        facts=[],
        crews=[],
        stops=[],
        notes="",
    )


@pytest.mark.parametrize("content", [WIDE, SQUARE, JPEG])
def test_pdf_contains_the_logo(content: bytes) -> None:
    org = register_organization()
    without = render(get_brand(org))
    assert b"/Subtype/Image" not in without.content.replace(b" ", b"")
    upload(org, content)
    assert b"/Subtype/Image" in render(get_brand(org)).content.replace(b" ", b"")


def test_pdf_with_a_logo_that_cannot_be_drawn_is_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    org = register_organization()
    upload(org, WIDE)
    damaged = base64.b64encode(build_png(480, 160, compressed=b"x")).decode()
    monkeypatch.setattr(logos, "_load_image", lambda *_: damaged)
    assert render(get_brand(org)).content.startswith(b"%PDF")
