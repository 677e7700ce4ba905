"""Entries: what each source says of one child, sealed, and the keyed hashes by which it is
found.
"""
