"""What is coming: the days on which something about a child changes by itself, if nobody is heard of it meanwhile."""
