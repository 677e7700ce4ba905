"""Follow-ups (后续权益): what a child goes on being entitled to after counting ended at sixteen (R5)."""
