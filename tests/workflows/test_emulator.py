"""The emulator starts functions as fast as it may."""

from __future__ import annotations

from tests.stack import Stack


def test_workers_share_what_was_unzipped(stack: Stack) -> None:
    for capability in ("clients", "pricing"):
        assert stack.http.get(f"/{capability}/health").is_success
    layers = list((stack.home.directory / "tmp").glob("ministack-lambda-*/layer_0"))
    assert len(layers) >= 2
    assert all(layer.is_symlink() for layer in layers)
    assert len({layer.resolve() for layer in layers}) == 1
