"""Mails and text messages that follow from events, each sent once, and the record of them."""
