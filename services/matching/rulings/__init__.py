"""Rulings: what people decided about who is whom, held as constraints on every clustering."""
