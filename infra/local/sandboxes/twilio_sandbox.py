"""A sandbox of Twilio's messages API, which stores the messages instead of sending them.

    POST /2010-04-01/Accounts/{sid}/Messages.json   as the `twilio` library calls it
    GET  /2010-04-01/Accounts/{sid}/Messages.json[?To=+1…]   newest first
    GET  /2010-04-01/Accounts/{sid}/Messages/{sid}.json
    GET  /messages[?to=+1…]                          all messages, oldest first
    POST /behave {"mode": "ok" | "refuse" | "fail" | "time_out_after", "times": 1}
    DELETE /messages

`refuse` returns 400 (unreachable number), `fail` returns 503. `time_out_after` stores the message but does not respond
in time, so that the caller cannot know whether it was sent. Messages survive a restart.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import secrets
import sys
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from infra.local.atomic_file import replace_file

MESSAGES_PATH = re.compile(r"^/2010-04-01/Accounts/(?P<account>\w+)/Messages\.json$")
MESSAGE_PATH = re.compile(r"^/2010-04-01/Accounts/(?P<account>\w+)/Messages/(?P<sid>\w+)\.json$")
PHONE_NUMBER = re.compile(r"^\+[1-9]\d{6,14}$")
TIMEOUT_SECONDS = 30.0


class Sandbox:
    """The stored messages, and the behavior of the next requests."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self.messages: list[dict[str, Any]] = json.loads(file.read_text()) if file and file.exists() else []
        self._mode, self._times = "ok", 0

    def set_mode(self, mode: str, times: int) -> None:
        with self._lock:
            self._mode, self._times = mode, times

    def next_mode(self) -> str:
        with self._lock:
            if self._times <= 0:
                return "ok"
            self._times -= 1
            return self._mode

    def store_message(self, account: str, form: dict[str, str]) -> dict[str, Any]:
        """Store a message; returns it as Twilio describes it."""
        sid = f"SM{secrets.token_hex(16)}"
        now = formatdate(usegmt=True).replace("GMT", "+0000")
        message: dict[str, Any] = {
            "sid": sid,
            "account_sid": account,
            "to": form["To"],
            "from": form.get("From"),
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "body": form.get("Body", ""),
            "status": "queued",
            "direction": "outbound-api",
            "num_segments": str(1 + len(form.get("Body", "")) // 160),
            "num_media": "0",
            "date_created": now,
            "date_updated": now,
            "date_sent": None,
            "price": None,
            "price_unit": "USD",
            "error_code": None,
            "error_message": None,
            "api_version": "2010-04-01",
            "uri": f"/2010-04-01/Accounts/{account}/Messages/{sid}.json",
            "subresource_uris": {},
            "status_callback": form.get("StatusCallback"),
        }
        with self._lock:
            self.messages.append(message)
            self._save()
        return message

    def delete_messages(self) -> None:
        with self._lock:
            self.messages.clear()
            self._save()

    def _save(self) -> None:
        if self._file:
            replace_file(self._file, json.dumps(self.messages).encode())


class Handler(BaseHTTPRequestHandler):
    """One request."""

    sandbox: Sandbox
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/messages":
            to = parse_qs(url.query.replace("+", "%2B")).get("to", [""])[0]
            self._respond(
                200, {"messages": [message for message in self.sandbox.messages if not to or message["to"] == to]}
            )
            return
        if match := MESSAGES_PATH.match(url.path):
            to = parse_qs(url.query).get("To", [""])[0]
            self._respond(200, self._list_page(match["account"], to))
            return
        match = MESSAGE_PATH.match(url.path)
        messages = [message for message in self.sandbox.messages if match and message["sid"] == match["sid"]]
        if not messages:
            self._respond(404, {"code": 20404, "message": "The requested resource was not found", "status": 404})
            return
        self._respond(200, messages[0])

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/behave":
            mode = json.loads(body)
            self.sandbox.set_mode(mode["mode"], mode.get("times", 1))
            self._respond(200, mode)
            return
        match = MESSAGES_PATH.match(urlsplit(self.path).path)
        if match is None:
            self._respond(404, {"code": 20404, "message": "The requested resource was not found", "status": 404})
            return
        self._create_message(match["account"], {name: values[0] for name, values in parse_qs(body.decode()).items()})

    def do_DELETE(self) -> None:
        self.sandbox.delete_messages()
        self._respond(200, {"messages": []})

    def _create_message(self, account: str, form: dict[str, str]) -> None:
        if not self._is_authenticated(account):
            self._respond(401, {"code": 20003, "message": "Authenticate", "status": 401})
            return
        mode = self.sandbox.next_mode()
        if mode == "fail":
            self._respond(503, {"code": 20503, "message": "Service unavailable", "status": 503})
            return
        if mode == "refuse" or not PHONE_NUMBER.match(form.get("To", "")):
            self._respond(
                400, {"code": 21211, "message": f"Invalid 'To' Phone Number: {form.get('To')}", "status": 400}
            )
            return
        message = self.sandbox.store_message(account, form)
        if mode == "time_out_after":
            time.sleep(TIMEOUT_SECONDS)
            self.close_connection = True
            return
        self._respond(201, message)

    def _list_page(self, account: str, to: str) -> dict[str, Any]:
        """A list as Twilio returns it, with all messages on the first page."""
        messages = [message for message in reversed(self.sandbox.messages) if not to or message["to"] == to]
        uri = f"/2010-04-01/Accounts/{account}/Messages.json"
        paging = {"first_page_uri": uri, "next_page_uri": None, "previous_page_uri": None, "uri": uri}
        return {"messages": messages, "page": 0, "page_size": 50, "start": 0, "end": len(messages), **paging}

    def _is_authenticated(self, account: str) -> bool:
        scheme, _, token = (self.headers.get("Authorization") or "").partition(" ")
        if scheme != "Basic":
            return False
        user, _, password = base64.b64decode(token).decode().partition(":")
        return user == account and bool(password)

    def _respond(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, message: str, *args: Any) -> None:
        sys.stderr.write(f"{self.log_date_time_string()} {message % args}\n")


def create_server(port: int, file: Path | None = None, host: str = "127.0.0.1") -> ThreadingHTTPServer:
    """A server that is not serving yet: call `serve_forever`."""
    handler = type("BoundHandler", (Handler,), {"sandbox": Sandbox(file)})
    return ThreadingHTTPServer((host, port), handler)


def main() -> None:
    parser = argparse.ArgumentParser(description="A sandbox of Twilio's messages API.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    create_server(options.port, options.file, options.host).serve_forever()


if __name__ == "__main__":
    main()
