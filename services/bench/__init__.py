"""The bench: what the hub does a second, beside what this machine could do at most, measured in the same run."""
