"""Signals (线索): dated facts in records, in one form for every feed, and the times that they begin and end."""
