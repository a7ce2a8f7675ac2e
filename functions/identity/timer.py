"""Rotates the keys that sign access tokens. Runs every 30 days."""

from coachway.core.entrypoints import timer
from coachway.identity.secrets import signing_keys

handler = timer.timer_handler({"published_keys": lambda: len(signing_keys.rotate_signing_keys().keys)})
