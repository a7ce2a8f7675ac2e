"""Puts a message into words: one template for each occasion, read once as HTML and once as plain text.

A template says what stands where, in words of `parts.jinja`; the folders `html` and `text` say how that looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from inspect import isfunction
from pathlib import Path
from typing import Any, Final, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from coachway.core.documents.formatting import format_phone
from coachway.messaging.channels.base import RenderedMessage
from coachway.messaging.model import Channel, Message
from coachway.messaging.presentation import billing, dispatch, trips
from coachway.messaging.rendering.sender import Letterhead

TEMPLATES: Final = Path(__file__).parents[1] / "templates"


@cache
def _environment(medium: Literal["html", "text"]) -> Environment:
    # What people wrote is escaped in HTML; plain text has nothing to escape.
    escaped = ("jinja",) if medium == "html" else ()
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES / medium, TEMPLATES]),
        autoescape=select_autoescape(enabled_extensions=escaped),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["format_phone"] = format_phone
    for module in (billing, dispatch, trips):
        environment.globals.update({name: function for name, function in vars(module).items() if isfunction(function)})
    return environment


def render_message(message: Message, letterhead: Letterhead) -> RenderedMessage:
    """The message in its words, on an organization's letterhead."""
    values = {**message.values, "name": message.name, "brand": letterhead.brand, "words": letterhead.wording}
    if message.channel is Channel.SMS:
        template = _environment("text").get_template(f"{message.template}.sms.jinja")
        return RenderedMessage(subject="", text=" ".join(template.render(values).split()))
    name = f"{message.template}.jinja"
    text = _environment("text").get_template(name)
    subject = "".join(text.blocks["subject"](text.new_context(dict(values))))
    one_line = " ".join(subject.split())
    return RenderedMessage(
        subject=one_line,
        text=_tidy(text.render(values)),
        html=_rendered_html(name, {**values, "subject": one_line}),
    )


def _rendered_html(name: str, values: Mapping[str, Any]) -> str:
    return _environment("html").get_template(name).render(values)


def _tidy(text: str) -> str:
    """Without trailing blanks, and never more than one empty line."""
    lines: list[str] = []
    for line in (each.rstrip() for each in text.strip().splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines) + "\n"
