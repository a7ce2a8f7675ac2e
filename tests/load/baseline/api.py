"""The baseline: the least that Chalice, pydantic and PynamoDB can do. One conditional put, one log line.

The product is compared with it in the same run. It has no caller, no permissions and no events.
"""

from __future__ import annotations

import json
import os
import uuid
from datetime import UTC, datetime
from typing import Any

from chalice.app import Chalice, Response
from pydantic import BaseModel, ConfigDict
from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

REGION = os.environ.get("AWS_REGION", "us-east-1")


class Stop(BaseModel):
    """A stop of an order."""

    model_config = ConfigDict(extra="forbid")

    address: str
    latitude: float
    longitude: float


class Order(BaseModel):
    """The request body."""

    model_config = ConfigDict(extra="forbid")

    client_id: str
    trip_type: str
    vehicle_class: str
    vehicle_count: int
    passengers: int
    requires_second_driver: bool
    miles: float
    notes: str
    stops: list[Stop]


class OrderItem(Model):
    """The item of an order."""

    class Meta:
        """Where the items are stored."""

        table_name = os.environ["BASELINE_TABLE"]
        region = REGION

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    created_at = UnicodeAttribute(null=True)
    order: JSONAttribute = JSONAttribute(null=True)
    n = NumberAttribute(null=True)


_connection = Connection(region=REGION)
app = Chalice(app_name="baseline")
app.log.setLevel("INFO")

_last_keys: list[tuple[str, str]] = []
"""Four items of the last order, which the next one with a charter's calls reads."""


def _parse_order() -> Order:
    if app.current_request is None:
        raise RuntimeError("a view ran outside a request")
    return Order.model_validate_json(app.current_request.raw_body)


def _create_item(order: dict[str, Any]) -> OrderItem:
    return OrderItem(f"ORDER#{uuid.uuid4().hex}", "HEAD", created_at=datetime.now(UTC).isoformat(), order=order)


def _response(item: OrderItem) -> Response:
    app.log.info(json.dumps({"message": "request", "route": "/orders", "status": 201}))
    return Response({"id": item.pk, **item.order}, status_code=201)


@app.route("/orders", methods=["POST"])
def create_order() -> Response:
    """Store an order if its id is new."""
    item = _create_item(_parse_order().model_dump(mode="json"))
    item.save(condition=OrderItem.pk.does_not_exist())
    return _response(item)


@app.route("/orders/idempotent", methods=["POST"])
def create_idempotent_order() -> Response:
    """Store an order and a record of its idempotency key in one transaction."""
    order = _parse_order().model_dump(mode="json")
    item, key_record = _create_item(order), _create_item(order)
    with TransactWrite(connection=_connection) as transaction:
        transaction.save(item, condition=OrderItem.pk.does_not_exist())
        transaction.save(key_record, condition=OrderItem.pk.does_not_exist())
    return _response(item)


@app.route("/orders/charter-calls", methods=["POST"])
def create_order_with_charter_calls() -> Response:
    """Store an order with the calls of a charter: read four items, then write five items and two counters."""
    order = _parse_order().model_dump(mode="json")
    items = [_create_item(order) for _ in range(5)]
    if _last_keys:
        list(OrderItem.batch_get(_last_keys, consistent_read=True))
    with TransactWrite(connection=_connection) as transaction:
        for item in items:
            transaction.save(item, condition=OrderItem.pk.does_not_exist())
        for _ in range(2):
            transaction.update(OrderItem(f"NUMBER#{uuid.uuid4().hex}", "HEAD"), actions=[OrderItem.n.add(1)])
    _last_keys[:] = [(item.pk, item.sk) for item in items[:4]]
    return _response(items[0])


def ready() -> object:
    """Create DynamoDB's client before the first request needs it."""
    return OrderItem._get_connection().connection.client


ready()
