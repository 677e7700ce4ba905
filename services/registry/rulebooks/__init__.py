"""Rulebooks: which rules the hub knew when."""
