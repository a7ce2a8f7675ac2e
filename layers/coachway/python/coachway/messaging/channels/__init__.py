"""The channels of messages: email and SMS."""
