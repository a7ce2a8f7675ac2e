"""The logo of an organization: upload, removal, and the image for pages and PDFs."""

import base64
import binascii
import hashlib
from functools import lru_cache

from coachway.contracts.identity import OrganizationUpdated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.documents.branding import Logo
from coachway.core.documents.images import Image, clean_image
from coachway.core.persistence.operations import Create, Op, Remove, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.identity.model.logo import LOGOS, MAX_LOGO_BYTES, LogoDetails, LogoImage, LogoInput
from coachway.identity.model.organization import ORGANIZATIONS, Organization


@retry_on_conflict
def set_logo(caller: Caller, body: LogoInput) -> Organization:
    """Store a logo, and remove the one before. Raises Invalid if it is not a PNG or JPEG file within the limits."""
    image = _read_image(body.image)
    digest = hashlib.sha256(image.content).hexdigest()
    details = LogoDetails(digest=digest, media_type=image.media_type, width=image.width, height=image.height)
    before = store.get(Organization, ORGANIZATIONS.key(org=caller.org_id))
    if before.logo == details:
        return before
    stored = LogoImage(org_id=caller.org_id, digest=digest, image=base64.b64encode(image.content).decode())
    after = before.model_copy(update={"logo": details})
    taken = errors.ConcurrentUpdate("Another request sets the same logo. Retry.")
    store.commit(caller, _change_op(before, after), Create(stored, on_exists=taken), *_remove_ops(before))
    return after


@retry_on_conflict
def remove_logo(caller: Caller) -> None:
    """Remove the logo, if there is one."""
    before = store.get(Organization, ORGANIZATIONS.key(org=caller.org_id))
    if before.logo is not None:
        after = before.model_copy(update={"logo": None})
        store.commit(caller, _change_op(before, after), *_remove_ops(before))


def _change_op(before: Organization, after: Organization) -> Op:
    return Update(before, after, [OrganizationUpdated()])


def _remove_ops(organization: Organization) -> list[Op]:
    image = _find_image(organization.org_id, organization.logo.digest) if organization.logo else None
    return [Remove(image)] if image is not None else []


def _read_image(text: str) -> Image:
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise errors.Invalid.field("image", "must be base64") from None
    if len(content) > MAX_LOGO_BYTES:
        detail = f"must have at most {MAX_LOGO_BYTES:,} bytes, not {len(content):,}; 600 pixels are wide enough"
        raise errors.Invalid.field("image", detail)
    try:
        return clean_image(content)
    except ValueError as problem:
        raise errors.Invalid.field("image", str(problem)) from None


def load_logo(organization: Organization) -> Logo | None:
    """The logo for pages and PDFs; None without one. A process reads an image once."""
    details = organization.logo
    if details is None:
        return None
    image = _load_image(organization.org_id, details.digest)
    if image is None:
        return None
    return Logo(f"data:{details.media_type};base64,{image}", details.width, details.height)


@lru_cache(maxsize=64)
def _load_image(org_id: str, digest: str) -> str | None:
    image = _find_image(org_id, digest)
    return image.image if image is not None else None


def _find_image(org_id: str, digest: str) -> LogoImage | None:
    return store.find(LogoImage, LOGOS.key(org=org_id, digest=digest))


def clear_cache() -> None:
    """Forget the images, as in a new process."""
    _load_image.cache_clear()
