"""Links (关联): which child an entry speaks of, why, and what follows when that changes."""
