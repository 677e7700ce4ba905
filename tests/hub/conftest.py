"""The registry's fixtures, for tests of a hub that start from one."""

from tests.registry.conftest import clock, home, registry

__all__ = ["clock", "home", "registry"]
