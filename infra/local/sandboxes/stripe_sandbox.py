"""A sandbox of Stripe: localstripe with its data in a file of the stack. Runs in the sandboxes' environment.

localstripe 1.15.10 listens on every interface and stores its data in a file under /tmp. This module changes both, and
adds what the product uses of Stripe and localstripe lacks, as Stripe documents it:

- `Idempotency-Key`: the first response is repeated; another body with the same key is an error;
- payment intents listed by customer and time;
- webhooks that survive a restart;
- data in one file, which is replaced before each response, so that a killed process loses nothing;
- `stripe.createPaymentMethod`, by which a page turns a card into a token;
- the payer's bank: see `stripe_bank`.

    POST /_config/behave {"mode": "ok" | "refuse" | "time_out_before" | "time_out_after", "times": 1}
    POST /_config/webhooks/{id} {"url": …, "secret": …}    DELETE removes the webhook

`refuse` returns 503. `time_out_before` does nothing and responds too late; `time_out_after` processes the request and
then responds too late, so that the caller cannot know whether it was processed. The modes apply to payment intents and
refunds only.
"""

from __future__ import annotations

import argparse
import asyncio
import pickle  # nosec B403 - reads what localstripe itself has written
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from localstripe import resources, server, webhooks

from infra.local.atomic_file import replace_file
from infra.local.sandboxes import stripe_bank

TIMEOUT_SECONDS = 30.0
MONEY_PATHS = ("/v1/payment_intents", "/v1/refunds")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CREATE_PAYMENT_METHOD = """
(() => {
  const base = LOCALSTRIPE_BASE_API, original = Stripe;
  Stripe = (key) => Object.assign(original(key), {
    createPaymentMethod: async ({type, card, billing_details}) => {
      if (!card.value) return {error: {message: "Your card number is incomplete."}};
      const answer = await fetch(`${base}/v1/payment_methods`, {
        method: "POST", body: JSON.stringify({key, type, card: card.value.card, billing_details}),
      });
      const content = await answer.json().catch(() => ({}));
      if (!answer.ok) return {error: {message: "Your card number is not valid.", ...content.error}};
      return {paymentMethod: content};
    },
  });
})();
"""


class SandboxState:
    """The behavior of the next requests, and all data: objects, responses by idempotency key, and webhooks."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._mode, self._times = "ok", 0
        self._locks: dict[str, asyncio.Lock] = {}
        self.responses: dict[str, tuple[bytes, int, bytes]] = {}
        self.webhooks: dict[str, tuple[str, str]] = {}
        if self._file.exists():
            data = pickle.loads(self._file.read_bytes())  # noqa: S301  # nosec B301 - written below
            objects, self.responses, self.webhooks = data
            resources.store.update(objects)
        for name, (url, secret) in self.webhooks.items():
            webhooks.register_webhook(name, url, secret, None)

    def save(self) -> None:
        objects = dict(resources.store)
        replace_file(self._file, pickle.dumps((objects, self.responses, self.webhooks), pickle.HIGHEST_PROTOCOL))

    def next_mode(self) -> str:
        if self._times <= 0:
            return "ok"
        self._times -= 1
        return self._mode

    async def set_mode(self, request: web.Request) -> web.Response:
        body = await request.json()
        self._mode, self._times = body["mode"], body.get("times", 1)
        return web.json_response(body)

    async def add_webhook(self, request: web.Request) -> web.Response:
        body = await request.json()
        name = request.match_info["id"]
        self.webhooks[name] = (body["url"], body["secret"])
        webhooks.register_webhook(name, body["url"], body["secret"], None)
        return web.json_response({"id": name})

    async def remove_webhook(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        self.webhooks.pop(name, None)
        webhooks._webhooks.pop(name, None)
        return web.json_response({"id": name})

    async def respond_once(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Repeat the first response to an Idempotency-Key, or call the handler and save what it changed."""
        try:
            return await self._respond_once(request, handler)
        finally:
            is_read = request.method == "GET" and request.path.startswith("/v1/")
            if not is_read:
                self.save()

    async def _respond_once(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        key = request.headers.get("Idempotency-Key")
        if key is None or request.method != "POST":
            return await handler(request)
        async with self._locks.setdefault(key, asyncio.Lock()):
            fingerprint = request.path.encode() + b"\0" + await request.read()
            stored = self.responses.get(key)
            if stored is not None:
                first_fingerprint, status, text = stored
                if first_fingerprint != fingerprint:
                    error = {"type": "idempotency_error", "message": "This key was used with other parameters."}
                    return web.json_response({"error": error}, status=400)
                headers = {"Idempotent-Replayed": "true", "Content-Type": "application/json"}
                return web.Response(body=text, status=status, headers=headers)
            response = await handler(request)
            if isinstance(response, web.Response) and response.status < 500 and isinstance(response.body, bytes):
                self.responses[key] = (fingerprint, response.status, response.body)
            return response


def create_middleware(state: SandboxState) -> Any:
    @web.middleware
    async def apply_mode(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method != "POST" or not request.path.startswith(MONEY_PATHS):
            return await state.respond_once(request, handler)
        mode = state.next_mode()
        if mode == "refuse":
            return web.json_response({"error": {"type": "api_error", "message": "Try again."}}, status=503)
        if mode == "time_out_before":
            await asyncio.sleep(TIMEOUT_SECONDS)
            return web.Response(status=504)
        # Stripe finishes a request even if the caller has closed the connection.
        response = await asyncio.shield(state.respond_once(request, handler))
        if mode == "time_out_after":
            await asyncio.sleep(TIMEOUT_SECONDS)
        return response

    return apply_mode


async def serve_page_script(_request: web.Request) -> web.Response:
    """localstripe's script for pages with `createPaymentMethod`."""
    script = Path(server.__file__).parent / "localstripe-v3.js"
    return web.Response(text=script.read_text() + CREATE_PAYMENT_METHOD, content_type="application/javascript")


async def create_payment_method(request: web.Request) -> web.Response:
    """Create a payment method: from a page with the publishable key in the body, or with the secret key."""
    data = await server.get_post_data(request, remove_auth=False) or {}
    if not str(data.pop("key", "")).startswith("pk_") and server.get_api_key(request) is None:
        raise server.UserError(401, "Unauthorized")
    data.pop("billing_details", None)
    payment_method = server.PaymentMethod._api_create(**data)
    response: web.Response = server.json_response(payment_method._export())
    await server.add_cors_headers(request, response)
    return response


ADDED_ROUTES = {
    ("POST", "/v1/payment_methods"): create_payment_method,
    ("GET", "/js.stripe.com/v3/"): serve_page_script,
}


def list_intents(url: str, customer: Any = None, created: Any = None, **options: Any) -> Any:
    """Payment intents, newest first, of a customer and since a time."""
    page = super(server.PaymentIntent, server.PaymentIntent)._api_list_all(url, **options)
    earliest = int((created or {}).get("gte", 0))
    page._list = [
        intent
        for intent in reversed(page._list)
        if intent.created >= earliest and (customer is None or intent.customer == customer)
    ]
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description="A sandbox of Stripe for one stack.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--file", type=Path, required=True)
    options = parser.parse_args()

    # localstripe saves an object when it is created, and not what later requests change in it.
    resources.Store.dump_to_disk = lambda _store: None
    serve(SandboxState(options.file), options.host, options.port)


def serve(state: SandboxState, address: str, port: int) -> None:
    """Serve localstripe's application with the added routes and modes."""
    server.PaymentIntent._api_list_all = staticmethod(list_intents)
    # Browsers use this address also when the server listens on all interfaces.
    stripe_bank.add_bank(f"http://{address.replace('0.0.0.0', '127.0.0.1')}:{port}")  # noqa: S104  # nosec B104

    @web.middleware
    async def dispatch(request: web.Request, handler: Handler) -> web.StreamResponse:
        added: Handler | None = ADDED_ROUTES.get((request.method, request.path))
        if request.path.startswith("/_config/webhooks/"):
            added = state.remove_webhook if request.method == "DELETE" else state.add_webhook
        elif request.path == "/_config/behave":
            added = state.set_mode
        elif request.path.startswith("/3ds/"):
            request.match_info["id"] = request.path.rpartition("/")[2]
            added = stripe_bank.confirm_payment
        try:
            return await (apply_mode(request, handler) if added is None else state.respond_once(request, added))
        except server.UserError as error:
            response: web.StreamResponse = error.to_response()
            return response

    apply_mode = create_middleware(state)
    server.app.router.add_delete("/_config/webhooks/{id}", state.remove_webhook)
    server.app.middlewares.insert(0, dispatch)
    web.run_app(server.app, host=address, port=port, print=None)


if __name__ == "__main__":
    main()
