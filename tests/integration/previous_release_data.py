"""Items as earlier releases stored them: without what later ones added."""

from __future__ import annotations

from typing import Any

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.data_version import DataVersion
from coachway.core.persistence.operations import Update
from coachway.core.persistence.records import Key
from coachway.core.runtime import settings
from coachway.identity.model.organization import ORGANIZATIONS, Organization


def set_data_version(org_id: str, version: int = DataVersion.ORIGINAL) -> None:
    """Set the data version of an organization, by default to that of an organization of an earlier release."""
    before = store.get(Organization, ORGANIZATIONS.key(org=org_id))
    store.commit(Caller.system("tests", org_id), Update(before, before.model_copy(update={"data_version": version})))


def remove_attributes(dynamodb: Any, key: Key, *names: str) -> None:
    """Remove attributes of an item."""
    place = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    item = dynamodb.get_item(TableName=settings.table_name(), Key=place)["Item"]
    item = {name: value for name, value in item.items() if name not in names}
    dynamodb.put_item(TableName=settings.table_name(), Item=item)
