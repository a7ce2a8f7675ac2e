"""The documentation needs nothing from elsewhere."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path

import pytest

from infra.local.deployment import docs_site
from tests.integration.client import Reply, call
from tools.function_modules import load

docs = load("docs", "api")


@pytest.fixture(autouse=True)
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site as the build makes it."""
    docs_site.write_site(tmp_path)
    monkeypatch.setattr(docs, "SITE", tmp_path)


def get(path: str) -> Reply:
    return call(docs.api, "GET", f"/api/v1/{path}")


def test_the_document_is_served_as_it_is_in_the_repository() -> None:
    response = get("openapi.json")
    assert response.headers["Content-Type"] == "application/json"
    assert json.loads(base64.b64decode(response.text)) == json.loads(docs_site.OPENAPI.read_text())


def test_the_page_names_only_files_that_are_served_from_beside_it() -> None:
    page = get("docs").text
    named = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(named) == 5
    for address in named:
        path = address.partition("?")[0]
        response = get(path)
        assert response.status == 200, path
        if path.startswith("docs/"):
            assert response.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(base64.b64decode(response.text))


def test_a_file_is_kept_for_good_because_its_address_changes_with_it() -> None:
    assert f"docs/swagger-ui.css?{docs_site.asset_version()}" in get("docs").text
    assert "immutable" in get("docs/swagger-ui.css").headers["Cache-Control"]


def test_error_page_explains_every_code_under_its_own_anchor() -> None:
    page = get("docs/errors").text
    document = json.loads(docs_site.OPENAPI.read_text())
    codes = document["components"]["examples"].keys()
    assert {"not_found", "invalid_fields"} <= codes
    assert [code for code in codes if f'id="{code}"' not in page] == []


@pytest.mark.parametrize("name", ["page.html", "api.py", "..", "swagger-ui.css.gz", "%2e%2e%2fapi.py"])
def test_no_other_file_is_served(name: str) -> None:
    assert get(f"docs/{name}").status == 404


def test_the_pages_policy_lets_in_nothing_from_elsewhere() -> None:
    policy = get("docs").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
