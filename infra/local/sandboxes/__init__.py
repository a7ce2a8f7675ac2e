"""Stand-ins for Stripe, Twilio and Amazon Location, as processes beside the emulator."""
