"""Training a linkage model with Splink, from the hub's own records and inside its boundary.

Cast: a *sample* is standard features of some entries, in memory; a *pair* is two of them; its
*vector* is the level of every comparison, found by the same `compare` that links online; *chance
pairs* are drawn at random and tell u, *blocked pairs* share a blocking key and tell m.

Guaranteed: Splink and its engine see vectors alone (small whole numbers), never a name, a number or a
place, so nothing that they might write to disk is personal; nothing trained takes effect by itself.
"""
