"""Trips, bids and documents in messages."""

from typing import Final

from coachway.contracts.bids import BiddingInvited
from coachway.contracts.bookings import CharterBooked, CharterEvent, ClientMailEvent, TripReminderSent
from coachway.contracts.compliance import DocumentExpired, DocumentExpiring
from coachway.core.documents.formatting import Formatter
from coachway.core.trip_vehicles import describe_vehicles, get_vehicle_class
from coachway.core.types.code_words import humanize

_STOP_LABELS: Final = {"pickup": "Pickup", "dropoff": "Drop-off", "waypoint": "Stop"}


def trip_start(event: CharterEvent | BiddingInvited, formatter: Formatter) -> str:
    """The start of a trip: `Wednesday, March 3, 2027, 9:00 AM EST`, in the time zone of the first stop."""
    return formatter.moment(event.starts_at, event.timezone)


def trip_vehicles(event: CharterEvent | BiddingInvited) -> str:
    """The vehicles of a trip: `Coach`, `2 × Minibus` or `Coach, 2 × Minibus`."""
    return describe_vehicles(event.vehicle_class, event.vehicle_count, event.vehicle_groups)


def trip_price(event: CharterEvent, formatter: Formatter) -> str:
    """The total price: `$726.50`."""
    return formatter.money(event.total, event.currency)


def trip_stops(event: ClientMailEvent, formatter: Formatter) -> list[tuple[str, str]]:
    """Label and address of each stop: `Pickup, 9:00 AM EST`, with the day if it differs from the previous stop."""
    rows = []
    previous_day = formatter.local(event.starts_at, event.timezone).date()
    for stop in event.stops:
        label = _STOP_LABELS.get(stop.stop_type, "Stop")
        time = stop.departure or stop.arrival
        if time is not None:
            day = formatter.local(time, stop.timezone).date()
            label += f", {formatter.short_day(time, stop.timezone)}" if day != previous_day else ""
            label += f", {formatter.clock(time, stop.timezone)} {formatter.zone(time, stop.timezone)}"
            previous_day = day
        rows.append((label, stop.address))
    return rows


def reminder_vehicles(event: TripReminderSent) -> list[tuple[str, str]]:
    """Label and text of each vehicle: `Vehicle` and `Coach 12, driver Rosa`."""
    several = len(event.vehicles) > 1
    rows = []
    for vehicle in event.vehicles:
        label = f"Vehicle {vehicle.vehicle}" if several else "Vehicle"
        vehicle_class = get_vehicle_class(event.vehicle_class, event.vehicle_groups, vehicle.vehicle)
        name = vehicle.vehicle_name or humanize(vehicle_class)
        drivers = " and ".join(vehicle.driver_names)
        crew = f", {'drivers' if len(vehicle.driver_names) > 1 else 'driver'} {drivers}" if drivers else ""
        rows.append((label, f"{name}{crew}"))
    return rows


def payment_rows(event: CharterBooked, formatter: Formatter) -> list[tuple[str, str]]:
    """The price of a booked trip, what is paid, and the balance with its date."""
    rows = [("Total", trip_price(event, formatter))]
    balance = event.total - event.amount_paid
    if event.amount_paid:
        rows.append(("Paid", formatter.money(event.amount_paid, event.currency)))
    if balance > 0 and event.balance_due_on is not None:
        due = formatter.day(event.balance_due_on)
        rows.append(("Balance", f"{formatter.money(balance, event.currency)}, due on {due}"))
    elif balance > 0 and event.amount_paid:
        rows.append(("Balance", formatter.money(balance, event.currency)))
    return rows


def document_kind(event: DocumentExpiring | DocumentExpired) -> str:
    """The kind of a document: `Business license`."""
    return humanize(event.document_type)


def expiration_day(event: DocumentExpiring | DocumentExpired) -> str:
    """The expiration date: `March 3, 2027`."""
    return f"{event.expiration_date:%B} {event.expiration_date.day}, {event.expiration_date.year}"


def days_left(event: DocumentExpiring) -> str:
    """The time until the expiration: `in 7 days`."""
    if event.days_left < 1:
        return "today"
    return "in 1 day" if event.days_left == 1 else f"in {event.days_left} days"
