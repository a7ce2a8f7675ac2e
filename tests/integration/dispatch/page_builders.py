"""Requests for pages, and the check of their content security policy."""

from __future__ import annotations

import base64
import hashlib
import re

from tests.integration.client import Reply
from tools.function_modules import load

api = load("dispatch", "trip_pages").api


def assert_only_own_script_and_style(reply: Reply) -> None:
    """Check that the content security policy allows only the page's own script and style, by digest."""
    policy = dict(part.strip().split(" ", 1) for part in reply.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        [text] = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", reply.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert policy[directive] == f"'sha256-{digest}'"
    assert policy["connect-src"] == "'self'"
    assert not re.search(r"<[^>]+ (style|on\w+)=", reply.text)
    assert not re.search(r"(src|href)=\"https?:", reply.text)
