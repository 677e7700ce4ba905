"""Keyings: how persons are found, and how one way gives place to the next while everything runs.

Cast: a *keying* (索引方案) is an index key's number with the blocking rules whose texts it hashes; a person's
*postings*, its rows of ``blocking_keys``, are of one keying, whose number stands in the person's row. Live keyings are
all looked under; the *current* one is what new postings are of. A *regime* is what every process links by: the
active model and the live keyings.

Guaranteed: a batch that holds the linker's lock, and a search, work by the regime in force; so a keying is looked under
before anything is posted under it, and until nothing is.
"""
