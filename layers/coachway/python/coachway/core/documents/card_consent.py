"""The consent of a payer to later charges of the card: its text, and the notice before each charge.

A change of the text needs a new version. Payments keep the version and the text that their payer agreed to.
"""

from datetime import timedelta
from typing import Final

VERSION: Final = "2026-11"
NOTICE: Final = timedelta(days=3)
"""The time between the email that announces an automatic charge and the charge."""


def consent_text(organization_name: str) -> str:
    """Return the text beside the checkbox of the card form."""
    return (
        f"{organization_name} may keep this card and charge it when a payment for my trips is due. I will get an email "
        f"with the amount and the date at least {NOTICE.days} days before each charge."
    )
