"""How vendors bid without logging in: the page of an invitation, and the webhook for their systems."""
