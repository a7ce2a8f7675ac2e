"""Lifetimes of tokens, links and codes, and limits of sessions and codes."""

from datetime import timedelta
from typing import Final

MAX_SESSIONS: Final = 5
MAX_OTP_ATTEMPTS: Final = 5
RECOVERY_CODE_COUNT: Final = 10

ACCESS_TOKEN_LIFETIME: Final = timedelta(minutes=15)
REFRESH_TOKEN_LIFETIME: Final = timedelta(days=30)
MFA_TOKEN_LIFETIME: Final = timedelta(minutes=5)
OTP_LIFETIME: Final = timedelta(minutes=10)
RESET_LINK_LIFETIME: Final = timedelta(hours=1)
CONFIRMATION_LIFETIME: Final = timedelta(days=1)
INVITATION_LIFETIME: Final = timedelta(days=7)
RECENT_LOGIN_PERIOD: Final = timedelta(minutes=15)
"""The time after a login in which a session can change the second factor."""
