"""Visits (走访): what was done for a child, and on which day, as its records tell."""
