"""Headers of emails (RFC 5322, RFC 2047), written without Python's email package.

The package decodes encoded words (`=?utf-8?q?…?=`) in the values that it is given, so a name could add headers and a
body. It also folds long names differently in each release of Python. Here a text is always data: a text that could be
read in another way is encoded.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from textwrap import wrap
from typing import Final

from coachway.core.types.text import to_single_line

_MAX_WORD_BYTES: Final = 39
"""Bytes of UTF-8 in an encoded word: with `Reply-To: ` it has 74 characters, and a line with one may have 76."""
_MAX_LINE: Final = 60
"""Characters of a line of text that is not encoded: with the name of the header it stays below 78."""
_UNENCODED: Final = re.compile(r"(?!.*(=\?|  |[!-~]{61}))[ -~]*")
"""Printable ASCII that no reader decodes or changes when it is folded."""
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
"""An address in ASCII without a quoted mailbox (RFC 5322, dot-atom)."""


def format_mailbox(name: str, address: str) -> str:
    """Return the value of From, To or Reply-To: one mailbox, whatever the name contains.

    Raises ValueError for an address that is not a mailbox and a domain in ASCII.
    """
    if not _ADDRESS.fullmatch(address):
        raise ValueError("the address must be a mailbox and a domain in ASCII")
    line = to_single_line(name)
    if not line:
        return address
    is_quotable = len(line) < _MAX_LINE and _UNENCODED.fullmatch(line) and not {'"', "\\"} & {*line}
    phrase = f'"{line}"' if is_quotable else _encode_words(line)
    return f"{phrase}\r\n <{address}>" if len(phrase) + len(address) > _MAX_LINE else f"{phrase} <{address}>"


def format_text(text: str) -> str:
    """Return the value of Subject."""
    line = to_single_line(text)
    if not _UNENCODED.fullmatch(line):
        return _encode_words(line)
    return "\r\n ".join(wrap(line, _MAX_LINE, break_long_words=False, break_on_hyphens=False))


def build_header_block(headers: Mapping[str, str]) -> bytes:
    """Return the lines of headers, without the empty line that ends them."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")


def _encode_words(line: str) -> str:
    """Return a text as encoded words, one per line. None of them ends inside a character."""
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(part).decode()}?=" for part in _split_characters(line))


def _split_characters(line: str) -> Iterable[bytes]:
    part = b""
    for character in line:
        encoded = character.encode("utf-8", errors="replace")
        if len(part) + len(encoded) > _MAX_WORD_BYTES:
            yield part
            part = b""
        part += encoded
    yield part
