"""openapi-python-client generates a client of the whole API without warnings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.template import ROOT

if TYPE_CHECKING:
    from openapi_python_client.parser import GeneratorData

pytestmark = pytest.mark.xdist_group("client-generators")
"""One worker generates the client for all tests."""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((ROOT / "docs/openapi.json").read_text())
    return parsed


@pytest.fixture(scope="module")
def generated(document: Mapping[str, Any]) -> GeneratorData:
    # Imported here, because the import takes longer than most tests and only one worker needs it.
    from openapi_python_client.config import Config, ConfigFile, MetaType
    from openapi_python_client.parser import GeneratorData
    from openapi_python_client.parser.errors import GeneratorError

    options = ConfigFile(content_type_overrides={"application/pdf": "application/octet-stream"})
    config = Config.from_sources(
        options,
        MetaType.NONE,
        document_source=Path("openapi.json"),
        file_encoding="utf-8",
        overwrite=True,
        output_path=None,
    )
    data = GeneratorData.from_dict(dict(document), config=config)
    assert not isinstance(data, GeneratorError), data
    return data


def test_python_client_has_every_operation(document: Mapping[str, Any], generated: GeneratorData) -> None:
    expected = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    assert {each.name for tag in generated.endpoint_collections_by_tag.values() for each in tag.endpoints} == expected


def test_python_client_is_generated_without_warning(generated: GeneratorData) -> None:
    dropped = [each for tag in generated.endpoint_collections_by_tag.values() for each in tag.parse_errors]
    assert [*generated.errors, *dropped] == []


def test_schema_title_is_component_key(document: Mapping[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert {key: schema["title"] for key, schema in schemas.items()} == {key: key for key in schemas}
