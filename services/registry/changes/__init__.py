"""Changes of children as one feed: what entered an area, left it, or changed in it."""
