"""Leads before they become bookings: who asked, which agent takes care of it, and what happened since."""
