"""Stand-ins for Stripe and Twilio, as processes beside the emulator."""
