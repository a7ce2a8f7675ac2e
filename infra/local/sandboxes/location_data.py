"""The places that the sandbox of Amazon Location knows: US ZIP codes and their cities, airports, and capitals abroad.

They come from packages: `zipcodes` (42,000 ZIP codes with positions and time zones), `airportsdata`, and the list of
time zones in `tzdata`, each of which is named after a city. Streets are not known: every street of a city or ZIP code
gets a position of its own near the middle, always the same.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import chain
from math import cos, radians
from statistics import median
from typing import Any, Final

import airportsdata
import zipcodes

_ZIP: Final = re.compile(r"\b(\d{5})(?:-\d{4})?$")
_STREET: Final = re.compile(r"^(?P<number>\d+[A-Z]?)(?:-\d+)? +(?P<street>.+)$", re.IGNORECASE)
_COUNTRY: Final = re.compile(r",? *\b(?:USA|US|United States(?: of America)?)\.?$", re.IGNORECASE)
_POSITION: Final = re.compile(r"^(?P<degrees>[+-]\d{2,3})(?P<minutes>\d{2})(?P<seconds>\d{2})?$")
_NEAR_DEGREES: Final = 0.02
_NEAREST_DEGREES: Final = 4.5
_CITY_WORDS: Final = 4
_STATES_TEXT: Final = """
AL Alabama;AK Alaska;AZ Arizona;AR Arkansas;CA California;CO Colorado;CT Connecticut;DE Delaware;
DC District of Columbia;FL Florida;GA Georgia;HI Hawaii;ID Idaho;IL Illinois;IN Indiana;IA Iowa;KS Kansas;
KY Kentucky;LA Louisiana;ME Maine;MD Maryland;MA Massachusetts;MI Michigan;MN Minnesota;MS Mississippi;
MO Missouri;MT Montana;NE Nebraska;NV Nevada;NH New Hampshire;NJ New Jersey;NM New Mexico;NY New York;
NC North Carolina;ND North Dakota;OH Ohio;OK Oklahoma;OR Oregon;PA Pennsylvania;PR Puerto Rico;RI Rhode Island;
SC South Carolina;SD South Dakota;TN Tennessee;TX Texas;UT Utah;VT Vermont;VA Virginia;WA Washington;
WV West Virginia;WI Wisconsin;WY Wyoming"""
STATES: Final = {name: code for code, name in (each.strip().split(" ", 1) for each in _STATES_TEXT.split(";"))}
_STATE_CODES: Final = {**{name.casefold(): code for name, code in STATES.items()}, **{c: c for c in STATES.values()}}
_STATE_CODES.update({code.casefold(): code for code in STATES.values()})
_STATE_NAMES: Final = {code: name for name, code in STATES.items()}


@dataclass(frozen=True)
class KnownPlace:
    """A place with the parts of its address. `place_type` is one of Amazon Location's."""

    place_type: str
    latitude: float
    longitude: float
    timezone: str
    city: str
    state: str = ""
    zip_code: str = ""
    country: str = "USA"
    name: str = ""
    street: str = ""
    number: str = ""
    score: float = 1.0

    @property
    def state_name(self) -> str:
        return _STATE_NAMES.get(self.state, self.state)

    @property
    def label(self) -> str:
        """The address in one line, as the service writes it."""
        street = " ".join(part for part in (self.number, self.street) if part)
        region = " ".join(part for part in (self.state, self.zip_code) if part)
        country = "United States" if self.country == "USA" else self.country
        return ", ".join(part for part in (self.name, street, self.city, region, country) if part)


@cache
def _list_zip_codes() -> list[Any]:
    found: list[Any] = zipcodes.list_all()  # type: ignore[no-untyped-call]  # no types are published
    return found


@cache
def _zip_codes() -> dict[str, KnownPlace]:
    return {
        each["zip_code"]: KnownPlace(
            "PostalCode",
            float(each["lat"]),
            float(each["long"]),
            each["timezone"],
            each["city"],
            each["state"],
            each["zip_code"],
        )
        for each in _list_zip_codes()
        if each["timezone"] and each["zip_code_type"] != "MILITARY"
    }


@cache
def _cities() -> dict[str, dict[str, list[KnownPlace]]]:
    """The ZIP codes of each city by its name in lower case, then by its state. Also by other names of the city."""
    cities: dict[str, dict[str, list[KnownPlace]]] = defaultdict(lambda: defaultdict(list))
    known = _zip_codes()
    for each in _list_zip_codes():
        if each["zip_code"] in known:
            for name in (each["city"], *each["acceptable_cities"]):
                cities[name.casefold()][each["state"]].append(known[each["zip_code"]])
    return cities


@cache
def _capitals() -> dict[str, KnownPlace]:
    """The cities after which time zones outside the US are named, by name in lower case."""
    text = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text()
    places = {}
    lines = [line.split("\t") for line in text.splitlines() if not line.startswith(("#", "US"))]
    for country, position, zone, *_ in lines:
        split = max(position.rfind("+"), position.rfind("-"))
        city = zone.rpartition("/")[2].replace("_", " ")
        latitude, longitude = _degrees(position[:split]), _degrees(position[split:])
        places[city.casefold()] = KnownPlace("Locality", latitude, longitude, zone, city, country=country)
    return places


def _degrees(text: str) -> float:
    """Degrees of `+4043` or `-0740023`."""
    match = _POSITION.match(text)
    if match is None:
        raise ValueError(text)
    fraction = int(match["minutes"]) / 60 + int(match["seconds"] or 0) / 3600
    degrees = int(match["degrees"])
    return round(degrees - fraction if text.startswith("-") else degrees + fraction, 5)


@cache
def _airports() -> dict[str, KnownPlace]:
    """Airports with a code of IATA, by code and by name in lower case."""
    places: dict[str, KnownPlace] = {}
    for code, airport in airportsdata.load("IATA").items():
        is_american = airport["country"] == "US"
        place = KnownPlace(
            "PointOfInterest",
            airport["lat"],
            airport["lon"],
            airport["tz"],
            airport["city"],
            STATES.get(airport["subd"], "") if is_american else "",
            country="USA" if is_american else airport["country"],
            name=airport["name"],
        )
        places[airport["name"].casefold()] = places[code.casefold()] = place
    return places


def load() -> None:
    """Load the data, which takes a second, before the first request."""
    _cities()
    _capitals()
    _airports()


def find_places(query: str) -> list[KnownPlace]:
    """Find the places of an address, best first. Several have the same score if the address is ambiguous."""
    text = " ".join(query.replace(";", ",").split())
    airport = _airports().get(text.casefold()) or _airports().get(text.split(",")[0].casefold())
    if airport is not None:
        return [airport]
    text, zip_code = _split_zip(_COUNTRY.sub("", text).strip(" ,"))
    # "11 Wall St, New York" ends with a city that is also the name of a state.
    return _find_in_state(*_split_state(text), zip_code) or _find_in_state(text, "", zip_code)


def _find_in_state(text: str, state: str, zip_code: str) -> list[KnownPlace]:
    street, city = _split_city(text, state or (_zip_codes()[zip_code].state if zip_code else ""))
    found = list(_find_localities(city, state, zip_code))
    match = _STREET.match(street)
    return [_place_street(each, street, match) for each in found] if street else found


def _split_zip(text: str) -> tuple[str, str]:
    match = _ZIP.search(text)
    return (text[: match.start()].strip(" ,"), match[1]) if match and match[1] in _zip_codes() else (text, "")


def _split_state(text: str) -> tuple[str, str]:
    words = re.split(r"[ ,]+", text)
    for length in (3, 2, 1):
        last = " ".join(words[-length:]).casefold()
        is_city = length == len(words) and last in _cities() and len(last) > 2
        if last in _STATE_CODES and len(words) >= length and not is_city:
            rest = re.sub(r"[ ,]+".join(map(re.escape, words[-length:])) + "$", "", text)
            return rest.strip(" ,"), _STATE_CODES[last]
    return text, ""


def _split_city(text: str, state: str) -> tuple[str, str]:
    """Split an address into its street and its city, which is after the last comma, or the last words."""
    street, comma, city = text.rpartition(",")
    if comma and _is_city(city.strip(), state):
        return street.strip(" ,"), city.strip()
    words = text.replace(",", " ").split()
    for length in range(min(_CITY_WORDS, len(words)), 0, -1):
        city = " ".join(words[-length:])
        if _is_city(city, state):
            return " ".join(words[:-length]), city
    return text, ""


def _is_city(name: str, state: str) -> bool:
    states = _cities().get(name.casefold(), {})
    return state in states if state else bool(states) or name.casefold() in _capitals()


def _find_localities(city: str, state: str, zip_code: str) -> Iterator[KnownPlace]:
    by_state = _cities().get(city.casefold(), {})
    if zip_code:
        place = _zip_codes()[zip_code]
        disagrees = (state and state != place.state) or (city and place not in by_state.get(place.state, []))
        yield replace(place, score=0.7 if disagrees else 1.0)
        return
    is_capital = city.casefold() in _capitals() and not state
    if is_capital:
        yield _capitals()[city.casefold()]
    for each in [state] if state else sorted(by_state, key=lambda code: -len(by_state[code]))[:5]:
        if codes := by_state.get(each):
            yield replace(
                codes[0],
                place_type="Locality",
                latitude=round(median(code.latitude for code in codes), 5),
                longitude=round(median(code.longitude for code in codes), 5),
                city=city.title(),
                zip_code="",
                score=0.9 if is_capital else 1.0,
            )


def _place_street(place: KnownPlace, street: str, match: re.Match[str] | None) -> KnownPlace:
    """The place of a street, at an offset of up to a mile that depends on its name, and of its house number."""
    name = (match["street"] if match else street).strip(" ,")
    digest = hashlib.sha256(name.casefold().encode()).digest()
    north, east = ((byte / 255 - 0.5) * _NEAR_DEGREES for byte in digest[:2])
    number = int(re.sub(r"\D", "", match["number"])[:6]) if match else 0
    return replace(
        place,
        place_type="PointAddress" if match else "Street",
        latitude=round(place.latitude + north + number % 1000 * 0.00001, 5),
        longitude=round(place.longitude + east, 5),
        street=name,
        number=match["number"] if match else "",
    )


def find_nearest(latitude: float, longitude: float) -> KnownPlace | None:
    """Find the ZIP code, or the city abroad, that is nearest to a position; None if there is none within 300 miles."""
    shrink = cos(radians(latitude))

    def square(place: KnownPlace) -> float:
        return (place.latitude - latitude) ** 2 + ((place.longitude - longitude) * shrink) ** 2

    nearest = min(chain(_zip_codes().values(), _capitals().values()), key=square)
    return nearest if square(nearest) < _NEAREST_DEGREES**2 else None


def suggest_places(query: str, limit: int) -> list[KnownPlace]:
    """Suggest places for an address that is being typed: the address itself, then cities that continue it."""
    found = find_places(query)[:limit]
    start, comma, city = query.rpartition(",")
    street = start.strip() if comma else ""
    beginning = " ".join(city.split()).casefold()
    if len(beginning) < 2:
        return found
    names = sorted(name for name in _cities() if name.startswith(beginning))
    by_size = sorted(names, key=lambda name: -max(len(codes) for codes in _cities()[name].values()))
    for name in by_size[: limit * 2]:
        found += [place for place in find_places(f"{street}, {name}" if street else name) if place not in found]
    airports = [place for key, place in _airports().items() if key.startswith(beginning) and len(key) > 3]
    return [*found, *(place for place in airports if place not in found)][:limit]
