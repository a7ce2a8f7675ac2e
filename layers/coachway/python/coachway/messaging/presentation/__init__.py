"""How events read in messages: functions for templates, of an event and the organization's formats (`words`)."""
