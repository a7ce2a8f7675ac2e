"""Routes of the organization's logo."""

from coachway.core.caller import Caller
from coachway.core.http.routing import ApiRouter
from coachway.identity.current_rights import read_current_rights
from coachway.identity.model.logo import LogoInput
from coachway.identity.model.organization import Organization
from coachway.identity.organizations import logos

api = ApiRouter(
    "identity", "Organizations, users, sessions and API keys.", health=False, refresh_caller=read_current_rights
)
app = api.app


@api.put("/organization/logo", permission="organization:write", grants_rights=True)
def set_logo(caller: Caller, body: LogoInput) -> Organization:
    """Set the logo.

    Pages and PDFs show it. What is not part of the picture is removed, such as the place of a photo. Replaces the logo
    before.
    """
    return logos.set_logo(caller, body)


@api.delete("/organization/logo", permission="organization:write", grants_rights=True)
def remove_logo(caller: Caller) -> None:
    """Remove the logo.

    PDFs of issued invoices keep it.
    """
    logos.remove_logo(caller)
