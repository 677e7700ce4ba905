"""Reading a TOML table strictly: every fault names its file and key, no key goes unread."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import TypeVar

from services.registry.profiles.rules import NOT_CONFIGURED
from shared import divisions

T = TypeVar("T", bound=str)


class ProfileError(ValueError):
    """A profile that cannot be used; the text names file, key and what is wrong."""

    def __init__(self, file: str, key: str, why: str) -> None:
        super().__init__(f"{file}: {key}: {why}")
        self.file, self.key, self.why = file, key, why


#: Words of earlier releases: rulebooks that were kept with them, and amendments, are read for good.
_FORMERLY = {"children_director": "child_director", "children_supervisor": "child_supervisor"}


class Table:
    """One table of a profile and the keys not read yet; `done` refuses what is left over."""

    def __init__(self, file: str, path: str, data: Mapping[str, object]) -> None:
        self.file, self._path, self._data = file, path, data
        self._unread = set(data)

    def _key(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def fault(self, key: str, why: str) -> ProfileError:
        return ProfileError(self.file, self._key(key), why)

    def has(self, key: str) -> bool:
        return key in self._data

    def unset(self, key: str) -> bool:
        """Whether the place says outright that it has no value."""
        if self._data.get(key) == NOT_CONFIGURED.value:
            self._unread.discard(key)
            return True
        return False

    def _take(self, key: str) -> object:
        self._unread.discard(key)
        if key not in self._data:
            raise self.fault(key, "is missing")
        return self._data[key]

    def text(self, key: str, default: str | None = None) -> str:
        if default is not None and not self.has(key):
            return default
        value = self._take(key)
        if not isinstance(value, str) or not (value.strip() or value == default):
            raise self.fault(key, "must be a text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        if not self.has(key):
            return ()
        value = self._take(key)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.fault(key, "must be a list of texts")
        return tuple(value)

    def choice(self, key: str, options: Collection[T], default: T | None = None) -> T:
        if default is not None and not self.has(key):
            return default
        value = _today(self._take(key))
        for option in options:
            if option == value:
                return option
        raise self.fault(key, f"must be one of {', '.join(sorted(options))}")

    def choices(self, key: str, options: Collection[T]) -> tuple[T, ...]:
        """A list of some of these options, each once."""
        texts = self.texts(key)
        found = tuple(option for text in texts for option in options if option == _today(text))
        if len(found) != len(texts) or len(set(found)) != len(found):
            raise self.fault(key, f"must be a list of {', '.join(sorted(options))}, each once")
        return found

    def flag(self, key: str, default: bool | None = None) -> bool:
        if default is not None and not self.has(key):
            return default
        value = self._take(key)
        if not isinstance(value, bool):
            raise self.fault(key, "must be true or false")
        return value

    def count(self, key: str, low: int, high: int, default: int | None = None) -> int:
        if default is not None and not self.has(key):
            return default
        value = self._take(key)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.fault(key, f"must be a whole number from {low} to {high}")
        return value

    def day(self, key: str) -> date:
        value = self._take(key)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.fault(key, "must be a date such as 2025-01-31")
        return value

    def day_or_none(self, key: str) -> date | None:
        return self.day(key) if self.has(key) else None

    def area(self, key: str) -> tuple[int, int]:
        """A division prefix of 2, 4, 6, 9 or 12 digits, as an inclusive range."""
        return self.as_area(self.text(key), key)

    def as_area(self, prefix: str, key: str) -> tuple[int, int]:
        if not (prefix.isascii() and prefix.isdigit() and len(prefix) in (2, 4, 6, 9, 12)):
            raise self.fault(key, "must be a division of 2, 4, 6, 9 or 12 digits")
        return int(prefix.ljust(12, "0")), int(prefix.ljust(12, "9"))

    def code(self, key: str) -> int:
        return self.as_code(self.text(key), key)

    def as_code(self, text: str, key: str) -> int:
        try:
            return divisions.widen(text)
        except ValueError:
            raise self.fault(key, "must be a division code of 6, 9 or 12 digits") from None

    def table(self, key: str) -> "Table":
        value = self._take(key)
        if not isinstance(value, dict):
            raise self.fault(key, "must be a table")
        return Table(self.file, self._key(key), value)

    def tables(self, key: str) -> "Iterator[Table]":
        """Each of `[[key]]`, if any."""
        if not self.has(key):
            return
        value = self._take(key)
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.fault(key, f"must be written as [[{self._key(key)}]]")
        for at, one in enumerate(value, start=1):
            yield Table(self.file, f"{self._key(key)}[{at}]", one)

    def spread(self, key: str) -> "Iterator[Table]":
        """This table once for each value of a list under `key`; once, where it is no list."""
        value = self._data.get(key)
        for one in value if isinstance(value, list) and value else (value,):
            data = {**self._data, key: one} if key in self._data else self._data
            yield Table(self.file, self._path, data)

    def __iter__(self) -> Iterator[str]:
        """The names of its keys."""
        return iter(self._data)

    def done(self) -> None:
        for key in sorted(self._unread):
            raise self.fault(key, "is not a known key")


def _today(word: object) -> object:
    return _FORMERLY.get(word, word) if isinstance(word, str) else word
