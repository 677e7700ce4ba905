"""One at a time: what takes a core for seconds is under way once a client and process; a client that asks for more comes back."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.problems import TooMany


class OneAtATime:
    """A kind of work."""

    def __init__(self) -> None:
        self._under_way: set[str] = set()

    @contextmanager
    def of(self, client: str) -> Iterator[None]:
        """The client's only one until it is left; TooMany while it has one."""
        if client in self._under_way:
            raise TooMany(headers={"Retry-After": "5"})
        self._under_way.add(client)
        try:
            yield
        finally:
            self._under_way.discard(client)
