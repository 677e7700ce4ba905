"""The matching service: which records speak of the same child."""
