"""Searches (查找): children whom partial evidence may describe, as far as the caller may see them."""
