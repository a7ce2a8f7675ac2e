"""Serves localstripe on this machine only, its data in a file of this stack. Runs in the sandboxes' environment.

localstripe 1.15.10 listens on every interface and keeps its data in one file under /tmp, whoever runs it. Of what we
use of Stripe it lacks the following, which is added here as Stripe documents it:

- `Idempotency-Key`: the first answer comes again, another body with the same key is refused;
- payment intents listed by customer and time;
- a webhook that tells of an event it was not asked for knows its events: webhooks outlive a restart;
- `stripe.createPaymentMethod`, by which a page turns a card into a token;
- what payers' banks do: see `stripe_bank`.

    POST /_config/behave {"mode": "ok" | "refuse" | "time_out_before" | "time_out_after", "times": 1}
    POST /_config/webhooks/{id} {"url": …, "secret": …}    DELETE the same: nobody is told any more

`refuse` answers 503, `time_out_before` does nothing and answers too late, `time_out_after` does what it is asked and
then answers too late: the caller cannot know whether it was done. Both concern payment intents and refunds only.
"""

from __future__ import annotations

import argparse
import asyncio
import pickle  # nosec B403 - reads what localstripe itself has written
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import stripe_bank
from aiohttp import web
from localstripe import resources, server, webhooks

SILENCE_SECONDS = 30.0
MOVES_MONEY = ("/v1/payment_intents", "/v1/refunds")

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
      const told = await answer.json().catch(() => ({}));
      if (!answer.ok) return {error: {message: "Your card number is not valid.", ...told.error}};
      return {paymentMethod: told};
    },
  });
})();
"""


class Host:
    """How to behave, which answers were given, and who is told of events."""

    def __init__(self, file: Path) -> None:
        self._file = file.with_suffix(".host.pickle")
        self._mode, self._times = "ok", 0
        self._under_way: dict[str, asyncio.Lock] = {}
        self.answers: dict[str, tuple[bytes, int, bytes]] = {}
        self.hooks: dict[str, tuple[str, str]] = {}
        if self._file.exists():
            self.answers, self.hooks = pickle.loads(self._file.read_bytes())  # noqa: S301  # nosec B301 - our own
        for name, (url, secret) in self.hooks.items():
            webhooks.register_webhook(name, url, secret, None)

    def keep(self) -> None:
        self._file.write_bytes(pickle.dumps((self.answers, self.hooks)))

    def next_mode(self) -> str:
        if self._times <= 0:
            return "ok"
        self._times -= 1
        return self._mode

    async def behave(self, request: web.Request) -> web.Response:
        wish = await request.json()
        self._mode, self._times = wish["mode"], wish.get("times", 1)
        return web.json_response(wish)

    async def add_hook(self, request: web.Request) -> web.Response:
        wish = await request.json()
        name = request.match_info["id"]
        self.hooks[name] = (wish["url"], wish["secret"])
        webhooks.register_webhook(name, wish["url"], wish["secret"], None)
        self.keep()
        return web.json_response({"id": name})

    async def drop_hook(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        self.hooks.pop(name, None)
        webhooks._webhooks.pop(name, None)
        self.keep()
        return web.json_response({"id": name})

    async def once(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What was answered first to an Idempotency-Key, or what `handler` answers now."""
        key = request.headers.get("Idempotency-Key")
        if key is None or request.method != "POST":
            return await handler(request)
        async with self._under_way.setdefault(key, asyncio.Lock()):
            sent = request.path.encode() + b"\0" + await request.read()
            known = self.answers.get(key)
            if known is not None:
                first, status, text = known
                if first != sent:
                    told = {"type": "idempotency_error", "message": "This key was used with other parameters."}
                    return web.json_response({"error": told}, status=400)
                replayed = {"Idempotent-Replayed": "true", "Content-Type": "application/json"}
                return web.Response(body=text, status=status, headers=replayed)
            answer = await handler(request)
            if isinstance(answer, web.Response) and answer.status < 500 and isinstance(answer.body, bytes):
                self.answers[key] = (sent, answer.status, answer.body)
                self.keep()
            return answer


def middleware(host: Host) -> Any:
    @web.middleware
    async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method != "POST" or not request.path.startswith(MOVES_MONEY):
            return await host.once(request, handler)
        mode = host.next_mode()
        if mode == "refuse":
            return web.json_response({"error": {"type": "api_error", "message": "Try again."}}, status=503)
        if mode == "time_out_before":
            await asyncio.sleep(SILENCE_SECONDS)
            return web.Response(status=504)
        # Stripe goes on with what it has begun, whether or not the caller still listens.
        answer = await asyncio.shield(host.once(request, handler))
        if mode == "time_out_after":
            await asyncio.sleep(SILENCE_SECONDS)
        return answer

    return around


async def page_script(_request: web.Request) -> web.Response:
    """localstripe's script for pages, completed."""
    own = Path(server.__file__).parent / "localstripe-v3.js"
    return web.Response(text=own.read_text() + CREATE_PAYMENT_METHOD, content_type="application/javascript")


async def create_payment_method(request: web.Request) -> web.Response:
    """By a page, with the publishable key in its body, or by us."""
    data = await server.get_post_data(request, remove_auth=False) or {}
    if not str(data.pop("key", "")).startswith("pk_") and server.get_api_key(request) is None:
        raise server.UserError(401, "Unauthorized")
    data.pop("billing_details", None)
    made = server.PaymentMethod._api_create(**data)
    answer: web.Response = server.json_response(made._export())
    await server.add_cors_headers(request, answer)
    return answer


OWN = {
    ("POST", "/v1/payment_methods"): create_payment_method,
    ("GET", "/js.stripe.com/v3/"): page_script,
}


def list_intents(url: str, customer: Any = None, created: Any = None, **more: Any) -> Any:
    """Payment intents, newest first, of a customer and from a time on."""
    listed = super(server.PaymentIntent, server.PaymentIntent)._api_list_all(url, **more)
    earliest = int((created or {}).get("gte", 0))
    listed._list = [
        each
        for each in reversed(listed._list)
        if each.created >= earliest and (customer is None or each.customer == customer)
    ]
    return listed


def main() -> None:
    parser = argparse.ArgumentParser(description="localstripe, kept to one stack.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--file", type=Path, required=True)
    options = parser.parse_args()

    def open_own(path: str, mode: str) -> Any:
        return (options.file if path.endswith("localstripe.pickle") else Path(path)).open(mode)

    resources.open = open_own
    resources.store.try_load_from_disk()
    serve(Host(options.file), options.host, options.port)


def serve(host: Host, address: str, port: int) -> None:
    """localstripe's own application inside ours, which looks at each request first."""
    server.PaymentIntent._api_list_all = staticmethod(list_intents)
    # Bound to all addresses, it is here that browsers find it.
    stripe_bank.at(f"http://{address.replace('0.0.0.0', '127.0.0.1')}:{port}")  # noqa: S104  # nosec B104

    @web.middleware
    async def first(request: web.Request, handler: Handler) -> web.StreamResponse:
        own = OWN.get((request.method, request.path))
        if request.path.startswith("/_config/webhooks/"):
            own = host.drop_hook if request.method == "DELETE" else host.add_hook
        elif request.path == "/_config/behave":
            own = host.behave
        elif request.path.startswith("/3ds/"):
            request.match_info["id"] = request.path.rpartition("/")[2]
            own = stripe_bank.confirmation
        try:
            return await (around(request, handler) if own is None else own(request))
        except server.UserError as refusal:
            told: web.StreamResponse = refusal.to_response()
            return told

    around = middleware(host)
    server.app.router.add_delete("/_config/webhooks/{id}", host.drop_hook)
    server.app.middlewares.insert(0, first)
    web.run_app(server.app, host=address, port=port, print=None)


if __name__ == "__main__":
    main()
