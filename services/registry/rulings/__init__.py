"""Rulings (人工判定): what people decided about who is whom, carried out by matching, and taken back at any time."""
