"""Error pages, and the Content-Security-Policy of pages."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from coachway.core.documents import html
from coachway.core.problem_details import Problem


def problem(status: int, detail: str = "") -> Problem:
    return Problem(
        type="/errors#no", code="no", title="no", status=status, detail=detail, instance="/pages/x", request_id="req-1"
    )


@pytest.mark.parametrize("status", [400, 404, 409, 413, 415, 422, 429, 500, 502])
def test_error_page_shows_request_id_of_server_errors_only(status: int) -> None:
    text = html.error_page(problem(status, "Because.")).text
    assert text.count("<h1>") == 1
    assert ("req-1" in text) is (status >= 500)


def test_error_page_hides_details_of_invalid_fields() -> None:
    assert "fields" not in html.error_page(problem(422, "fields.0 wrong")).text


def test_error_page_escapes_markup_in_detail() -> None:
    assert "<script>" not in html.error_page(problem(409, "<script>")).text


def test_policy_of_page_allows_only_its_own_style() -> None:
    page = html.error_page(problem(404))
    style = re.search(r"<style>(.*?)</style>", page.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.policy
    assert "script-src" not in page.policy
