"""Renders messages: one template per message, rendered as HTML and as plain text.

A template contains the content, with the macros of `parts.jinja`; the folders `html` and `text` contain the layout.
"""

from collections.abc import Mapping
from functools import cache
from inspect import isfunction
from pathlib import Path
from typing import Any, Final, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from coachway.core.documents.formatting import format_phone
from coachway.messaging.channels.base import RenderedMessage
from coachway.messaging.model import Channel, Message
from coachway.messaging.presentation import billing, dispatch, proposals, sales, trips
from coachway.messaging.rendering.sending_organization import SendingOrganization

TEMPLATES: Final = Path(__file__).parents[1] / "templates"


@cache
def _environment(medium: Literal["html", "text"]) -> Environment:
    # User text is escaped in HTML; plain text needs no escaping.
    escaped = ("jinja",) if medium == "html" else ()
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES / medium, TEMPLATES]),
        autoescape=select_autoescape(enabled_extensions=escaped),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["format_phone"] = format_phone
    for module in (billing, dispatch, proposals, sales, trips):
        environment.globals.update({name: function for name, function in vars(module).items() if isfunction(function)})
    return environment


def render_message(message: Message, sender: SendingOrganization) -> RenderedMessage:
    """Render a message of an organization."""
    values = {**message.values, "name": message.name, "brand": sender.brand, "formatter": sender.formatter}
    if message.channel is Channel.SMS:
        template = _environment("text").get_template(f"{message.template}.sms.jinja")
        return RenderedMessage(subject="", text=" ".join(template.render(values).split()))
    name = f"{message.template}.jinja"
    text = _environment("text").get_template(name)
    subject = "".join(text.blocks["subject"](text.new_context(dict(values))))
    subject_line = " ".join(subject.split())
    return RenderedMessage(
        subject=subject_line,
        text=_normalize_blank_lines(text.render(values)),
        html=_render_html(name, {**values, "subject": subject_line}),
    )


def _render_html(name: str, values: Mapping[str, Any]) -> str:
    return _environment("html").get_template(name).render(values)


def _normalize_blank_lines(text: str) -> str:
    """Remove trailing spaces, and merge consecutive empty lines."""
    lines: list[str] = []
    for line in (each.rstrip() for each in text.strip().splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines) + "\n"
