"""What one would use instead of the linker, run on the same corpus and held against the same truth.

Cast: an *alternative* takes all entries at once, in the standard form that our own linker reads, and
says which of them are one child; it stores nothing and explains nothing. Its time counts from the
features, standardising included and reading files excluded, as ours does.
"""
