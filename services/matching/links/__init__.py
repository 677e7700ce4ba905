"""Links: which person each entry speaks of, why, and every change of it in order."""
