"""Reviews: what the model leaves to a person's decision (clerical review)."""
