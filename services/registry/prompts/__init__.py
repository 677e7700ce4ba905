"""Prompts (后续权益提醒): the list of whom to tell of an entitlement that opens (R5)."""
