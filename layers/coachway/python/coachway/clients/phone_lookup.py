"""Which client has a phone number."""

from coachway.clients.model import BY_MONTH, BY_PHONE, Client
from coachway.core.persistence.queries import iterate_by_month, query_all
from coachway.core.record_refresh import refresh_records


def find_client_by_phone(org_id: str, phone: str) -> Client | None:
    """Return the client with a phone number in E.164; of several, the first that was added. One query.

    Reads an index, which may be behind. Clients of an earlier release are found after a rebuild.
    """
    partition = BY_PHONE.partition(org=org_id, phone=phone)
    return next(iter(query_all(Client, partition, index=BY_PHONE.index, limit=1)), None)


def refresh_clients(org_id: str) -> int:
    """Write all clients again with their phone numbers as keys; return how many."""
    return refresh_records(org_id, iterate_by_month(Client, BY_MONTH, org_id))
