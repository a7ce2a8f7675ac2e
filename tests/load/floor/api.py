"""The floor: the least that Chalice, pydantic and PynamoDB can do. One conditional put, one log line.

What the product is measured against, in the same run. It knows no caller, no permission, no event, no other capability.
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
    """Where the vehicle stops."""

    model_config = ConfigDict(extra="forbid")

    address: str
    latitude: float
    longitude: float


class Order(BaseModel):
    """What is asked for."""

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


class Kept(Model):
    """An order's one item."""

    class Meta:
        """Where it lies."""

        table_name = os.environ["FLOOR_TABLE"]
        region = REGION

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    created_at = UnicodeAttribute(null=True)
    order: JSONAttribute = JSONAttribute(null=True)
    n = NumberAttribute(null=True)


_connection = Connection(region=REGION)
app = Chalice(app_name="floor")
app.log.setLevel("INFO")


def _order() -> Order:
    if app.current_request is None:
        raise RuntimeError("a view ran outside a request")
    return Order.model_validate_json(app.current_request.raw_body)


def _kept(order: dict[str, Any]) -> Kept:
    return Kept(f"ORDER#{uuid.uuid4().hex}", "HEAD", created_at=datetime.now(UTC).isoformat(), order=order)


def _answer(kept: Kept) -> Response:
    app.log.info(json.dumps({"message": "request", "route": "/orders", "status": 201}))
    return Response({"id": kept.pk, **kept.order}, status_code=201)


@app.route("/orders", methods=["POST"])
def create_order() -> Response:
    """Keep an order, if there is none of its id."""
    kept = _kept(_order().model_dump(mode="json"))
    kept.save(condition=Kept.pk.does_not_exist())
    return _answer(kept)


@app.route("/orders/once", methods=["POST"])
def create_order_once() -> Response:
    """The same, with a record of its idempotency key in the same transaction."""
    order = _order().model_dump(mode="json")
    kept, once = _kept(order), _kept(order)
    with TransactWrite(connection=_connection) as transaction:
        transaction.save(kept, condition=Kept.pk.does_not_exist())
        transaction.save(once, condition=Kept.pk.does_not_exist())
    return _answer(kept)


@app.route("/orders/whole", methods=["POST"])
def create_order_whole() -> Response:
    """The same, with the calls of a charter: a read of four items, and a transaction of five and two numbers."""
    order = _order().model_dump(mode="json")
    kept = [_kept(order) for _ in range(5)]
    if _last:
        list(Kept.batch_get(_last, consistent_read=True))
    with TransactWrite(connection=_connection) as transaction:
        for each in kept:
            transaction.save(each, condition=Kept.pk.does_not_exist())
        for _ in range(2):
            transaction.update(Kept(f"NUMBER#{uuid.uuid4().hex}", "HEAD"), actions=[Kept.n.add(1)])
    _last[:] = [(each.pk, each.sk) for each in kept[:4]]
    return _answer(kept[0])


_last: list[tuple[str, str]] = []
"""What the next such order reads."""


def ready() -> object:
    """DynamoDB's client, made before the first request needs it."""
    return Kept._get_connection().connection.client


ready()
