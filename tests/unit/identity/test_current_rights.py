"""Every route and record that grants lasting rights is declared as such."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from coachway.core.http.route import Route
from coachway.core.persistence.records import Record
from coachway.identity.current_rights import read_current_rights
from coachway.identity.model.permissions import BUILT_IN_ROLES
from tools.function_modules import import_everything, list_api_entries

ADMINISTRATION: Final = BUILT_IN_ROLES["admin"] - BUILT_IN_ROLES["manager"]
OTHER_GRANTS: Final = {
    "set_up_mfa",
    "remove_mfa",
    "change_password",
    "request_email_confirmation",
    "create_driver",
    "update_driver",
    "delete_driver",
    "create_webhook_secret",
    "create_driver_feed",
    "revoke_driver_feed",
    "create_vehicle_feed",
    "revoke_vehicle_feed",
    "create_fleet_feed",
    "revoke_fleet_feed",
    "create_track_link",
}
"""Routes outside of administration that create users, secrets or links without an end."""

SECRET: Final = re.compile(r"nonce|digest|secret|password|permissions|totp")
NO_GRANT: Final = {
    "BidInvitation": "lets a vendor bid for one trip until its deadline; no route returns the link",
    "Charter": "has the digest of the terms that were accepted",
    "TermsVersion": "a text that clients read, named after its digest",
    "LogoImage": "a picture, named after its digest",
    "Invoice": "lets a client read and pay one invoice",
    "Proposal": "lets a client choose among quotes until it expires; sending it again replaces the link",
    "QuoteLink": "lets a client answer one quote until it expires; sending it again replaces it",
    "IdempotencyRecord": "returns what the caller has seen before",
    "KeptAnswer": "an address on the map",
    "Lockout": "takes rights away",
}


def routes() -> Iterator[Route]:
    for entry in list_api_entries():
        yield from entry.api.routes


def record_classes(base: type[Record] = Record) -> Iterator[type[Record]]:
    for each in base.__subclasses__():
        yield each
        yield from record_classes(each)


def test_routes_that_grant_rights_read_the_caller_again() -> None:
    administration = {each.name for each in routes() if each.method != "GET" and each.permission in ADMINISTRATION}
    refreshed = {each.name for each in routes() if each.refresh_caller is read_current_rights}
    assert len(administration) >= 10
    assert refreshed == administration | OTHER_GRANTS


def test_records_with_secrets_grant_rights() -> None:
    import_everything()
    holders = {
        each.__name__
        for each in record_classes()
        if each.__module__.startswith("coachway.") and any(SECRET.search(name) for name in each.model_fields)
    }
    granting = {each.__name__ for each in record_classes() if each.GRANTS_RIGHTS}
    assert holders - granting == NO_GRANT.keys()
    assert granting - holders == {"User"}
