"""Refreshes: changes of copied data that keep the version of a record."""

from __future__ import annotations

from typing import ClassVar

import pytest

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Refresh, Remove, Update
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.types import ids
from tests.integration.conftest import on_every_table

HOTELS = AccessPattern("a hotel", pk="ORG#{org}#HOTEL#{id}", sk="HEAD")
ORG = ids.new("org")
CALLER = Caller(org_id=ORG, user_id="usr_1", role="admin")
pytestmark = on_every_table


class Hotel(Entity):
    """A hotel with a copy of its number of guests. None: stored before the copy existed."""

    KIND: ClassVar[str] = "hotel"
    REFRESHED_ATTRIBUTES: ClassVar[tuple[str, ...]] = ("guests",)

    name: str
    guests: int | None = None

    def key(self) -> Key:
        return HOTELS.key(org=self.org_id, id=self.id)

    def attributes(self) -> dict[str, str | int | bool]:
        return {} if self.guests is None else {"guests": self.guests}


def create_hotel(guests: int | None = None) -> Hotel:
    hotel = Hotel(id=ids.new("htl"), org_id=ORG, name="Ida", guests=guests)
    store.commit(CALLER, Create(hotel))
    return hotel


def with_guests(hotel: Hotel, guests: int) -> Hotel:
    return hotel.model_copy(update={"guests": guests})


def test_refresh_keeps_version_and_time_of_change() -> None:
    hotel = create_hotel()
    store.commit(CALLER, Refresh(hotel, with_guests(hotel, 3)))
    stored = store.get(Hotel, hotel.key(), expected=1)
    assert (stored.guests, stored.version, stored.updated_at) == (3, 1, hotel.updated_at)


def test_refresh_after_update_fails() -> None:
    hotel = create_hotel()
    store.commit(CALLER, Update(hotel, hotel.model_copy(update={"name": "Ada"})))
    with pytest.raises(errors.ConcurrentUpdate):
        store.commit(CALLER, Refresh(hotel, with_guests(hotel, 3)))
    assert store.get(Hotel, hotel.key()).name == "Ada"


@pytest.mark.parametrize("guests", [None, 0, 2])
def test_write_of_record_read_before_refresh_fails(guests: int | None) -> None:
    hotel = create_hotel(guests)
    store.commit(CALLER, Refresh(hotel, with_guests(hotel, 3)))
    for op in (
        Update(hotel, hotel.model_copy(update={"name": "Ada"})),
        Refresh(hotel, with_guests(hotel, 4)),
        Remove(hotel),
    ):
        with pytest.raises(errors.ConcurrentUpdate):
            store.commit(CALLER, op)
    stored = store.get(Hotel, hotel.key())
    store.commit(CALLER, Update(stored, stored.model_copy(update={"name": "Eva"})))
    assert (stored.guests, store.get(Hotel, hotel.key()).name) == (3, "Eva")


def test_refresh_of_another_organization_fails() -> None:
    hotel = create_hotel()
    with pytest.raises(RuntimeError):
        store.commit(Caller(org_id=ids.new("org"), user_id="usr_2", role="admin"), Refresh(hotel, hotel.model_copy()))
