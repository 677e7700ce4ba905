"""Persons: children as matching knows them, each one sealed document and the keys it is found under."""
