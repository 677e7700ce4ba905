"""The past: what the hub knew at an instant, and how a child stood on a day by it."""
