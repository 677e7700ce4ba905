"""Authorities: the receivers of notices, each for its area."""

from services.notifications.authorities.adding import add

__all__ = ["add"]
