"""What departments push: typed feeds, their quality and the append-only store of records."""
