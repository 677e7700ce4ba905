"""Idempotency keys: a POST without a natural key, sent twice, has one effect and one answer."""
