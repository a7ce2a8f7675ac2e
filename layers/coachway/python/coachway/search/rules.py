"""Who may find what. Pure: no clock, no I/O."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final


class HitKind(StrEnum):
    """The kind of a record that was found."""

    CLIENT = "client"
    CONTACT = "contact"
    ADDRESS = "address"
    LEAD = "lead"
    CHARTER = "charter"
    INVOICE = "invoice"
    VENDOR = "vendor"
    DRIVER = "driver"
    VEHICLE = "vehicle"


READ_PERMISSIONS: Final[Mapping[HitKind, str]] = {
    HitKind.CLIENT: "clients:read",
    HitKind.CONTACT: "clients:read",
    HitKind.ADDRESS: "clients:read",
    HitKind.LEAD: "sales:read",
    HitKind.CHARTER: "charters:read",
    HitKind.INVOICE: "billing:read",
    HitKind.VENDOR: "vendors:read",
    HitKind.DRIVER: "fleet:read",
    HitKind.VEHICLE: "fleet:read",
}
"""The permission to find records, by their kind. Records of other kinds are not found."""


def readable_kinds(permissions: Collection[str]) -> frozenset[str]:
    """Return the kinds that a caller with these permissions may find."""
    return frozenset(kind.value for kind, permission in READ_PERMISSIONS.items() if permission in permissions)
