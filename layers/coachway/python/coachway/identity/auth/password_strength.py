"""Strength of new passwords: common passwords, repeats, sequences and the user's own words are refused.

zxcvbn (MIT, 1.7 MB with its lists of common passwords and words, in a layer of its own) estimates how many guesses a
password resists. Its import takes 65 ms, so it is imported when a password is set.
"""

from typing import Final

from coachway.core import errors
from coachway.identity.model.organization import Organization
from coachway.identity.model.user import User

_MIN_SCORE: Final = 3
"""More than 100 million guesses."""
_MAX_ESTIMATED_LENGTH: Final = 72
"""Characters that are estimated: zxcvbn takes long for more."""
_PRODUCT_WORDS: Final = ("coachway",)


def require_strong_password(field: str, password: str, user: User, organization: Organization) -> None:
    """Raise Invalid for `field` if a password is easy to guess for somebody who knows its user."""
    reason = weakness_reason(password, user, organization)
    if reason is not None:
        raise errors.Invalid.field(field, reason, "password_too_weak")


def weakness_reason(password: str, user: User, organization: Organization) -> str | None:
    """Return why a password is easy to guess and what to do, or None."""
    from zxcvbn import zxcvbn

    estimate = zxcvbn(password[:_MAX_ESTIMATED_LENGTH], user_inputs=_list_own_words(user, organization))
    if estimate["score"] >= _MIN_SCORE:
        return None
    feedback = estimate["feedback"]
    advice = " ".join(filter(None, [feedback["warning"], *feedback["suggestions"][:1]]))
    return f"is easy to guess. {advice or 'Use several uncommon words, without your name and email.'}"


def _list_own_words(user: User, organization: Organization) -> list[str]:
    email = user.email or ""
    mailbox, _, domain = email.partition("@")
    names = (user.first_name, user.last_name, organization.name, organization.slug)
    texts = [email, mailbox, domain, domain.partition(".")[0], user.phone or "", *names, *_PRODUCT_WORDS]
    words = {text[:100].lower() for text in texts} | {text.replace(" ", "")[:100].lower() for text in texts}
    return sorted(words - {""})
