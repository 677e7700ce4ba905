"""Searches: whom partial evidence may describe; nothing is stored."""
