"""Handovers (移交): which county answers for a child's file, and how that passes to the next."""
