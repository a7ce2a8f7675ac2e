"""The live tracking page of a trip."""
