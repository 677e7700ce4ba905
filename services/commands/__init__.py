"""The `hutong` command, one module a noun."""
