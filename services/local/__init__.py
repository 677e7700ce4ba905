"""Whole hubs on one machine: for `hutong up`, the demo, the bench and the tests that kill processes."""
