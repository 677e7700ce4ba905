"""Alerts (预警): what the folded state of a child should make somebody look at, by rules that are data."""
