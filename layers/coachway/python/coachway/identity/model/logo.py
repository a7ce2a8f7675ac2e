"""The logo of an organization: what its settings say about it, and the record of the image."""

from typing import Annotated, ClassVar, Final

from pydantic import ConfigDict, Field

from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.text import InputPattern

MAX_LOGO_BYTES: Final = 100_000
"""It is part of every page and PDF."""

_ONE_PIXEL: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYPgPAAEDAQAIicLsAAAAAElFTkSuQmCC"

LOGOS = AccessPattern("an image of the logo, by its digest", pk="ORG#{org}#LOGO#{digest}", sk="HEAD")


class LogoInput(RequestSchema):
    """A logo."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"image": _ONE_PIXEL}]})

    image: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_LOGO_BYTES * 4 // 3 + 1000,
            description="A PNG or JPEG file of up to 100,000 bytes and 2000 × 2000 pixels, in base64.",
        ),
        InputPattern(r"^[A-Za-z0-9+/]*={0,2}$"),
    ]


class LogoDetails(BaseSchema):
    """The logo that was uploaded. The digest is the SHA-256 of the image."""

    digest: str
    media_type: str
    width: Annotated[int, Field(description="In pixels.")]
    height: Annotated[int, Field(description="In pixels.")]


class LogoImage(Record):
    """The image of a logo, in base64. It never changes, because its key is its digest."""

    KIND: ClassVar[str] = "logo"

    org_id: str
    digest: str
    image: str = Field(repr=False)

    def key(self) -> Key:
        return LOGOS.key(org=self.org_id, digest=self.digest)
