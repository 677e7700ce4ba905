"""Rosters (名单): lists of children handed to somebody who answers for each of them."""
