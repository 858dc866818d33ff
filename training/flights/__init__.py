"""Flights as counts: counted, split by weeks and one-hot encoded."""
