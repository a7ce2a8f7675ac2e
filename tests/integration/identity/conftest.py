"""Every test starts as a new process does, without a cached signing key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coachway.identity.secrets import signing_keys


@pytest.fixture(autouse=True)
def _clear_signer_cache(dynamodb: object) -> Iterator[None]:
    signing_keys.clear_signer_cache()
    yield
    signing_keys.clear_signer_cache()
