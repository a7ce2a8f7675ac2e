"""Every test starts as a new process does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coachway.identity.secrets import signing_keys


@pytest.fixture(autouse=True)
def _fresh_process(dynamodb: object) -> Iterator[None]:
    signing_keys.clear_signer_cache()
    yield
    signing_keys.clear_signer_cache()
