"""The demo: two hubs as real processes, a population moving both ways between them, and a report that fails loudly."""
