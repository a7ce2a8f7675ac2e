"""Fixtures of Stripe's sandbox for all tests of billing."""

from __future__ import annotations

from tests.integration.billing.stripe_sandbox import sandbox, sandbox_process

__all__ = ["sandbox", "sandbox_process"]
