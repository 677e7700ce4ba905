"""Evaluating linkage: a corpus of intake items resolved by the real online path, held against the truth.

Cast: a *corpus* is a directory of feed files and ``truth.ndjson``; an *entry* is what one source
keeps under one id, and counts once however often it is sent; a *person* is what the linker made of
entries; a *child* is what they truly speak of.
"""
