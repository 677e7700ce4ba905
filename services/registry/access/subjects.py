"""Who acts: some acts are for civil affairs (民政) alone, and those of two persons need two *subjects*.

A subject is a client together with its acting person.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.auth import MACHINES, Caller, Grant
from shared.problems import Forbidden, PersonNeeded
from shared.vocabulary import Department

ANOTHER_CLIENT = "Another person must do this, under another staff id and through another client than the one that began it."


class SecondPersonNeeded(Forbidden):
    type = "second-person-needed"
    title = "This needs a person other than the one who began it"
    title_zh = "须由另一人办理"


def only_civil_affairs(caller: Caller) -> None:
    if caller.department != Department.CIVIL_AFFAIRS:
        raise Forbidden("Civil affairs of the child's place do this.")


def where_it_lives(
    residence: int | None, territory: Iterable[tuple[int, int]], *grants: Grant
) -> None:
    """Forbidden where another county of this hub has the child with it, and none of those who act is of that county.

    For what can endanger a child or never be undone: the hukou place sees the child too, but does not decide that alone.
    """
    if residence is None or any(one.low <= residence <= one.high for one in grants):
        return
    if any(low <= residence <= high for low, high in territory):
        raise Forbidden("The place where the child lives does this, or takes part in it.")


@dataclass(frozen=True, slots=True)
class Subject:
    client: str
    actor: str

    @classmethod
    def of(cls, caller: Caller) -> "Subject":
        """The person who acts; PersonNeeded when it is a job."""
        if caller.actor.startswith(MACHINES):
            raise PersonNeeded
        return cls(caller.client, caller.actor)

    def apart_from(self, first: "Subject") -> "Subject":
        """Itself; SecondPersonNeeded when it is the first person again."""
        if self == first:
            raise SecondPersonNeeded
        return self

    def of_another_client(self, first: "Subject") -> "Subject":
        """Itself; SecondPersonNeeded when the first came through the same client.

        For what can never be undone: the acting person is only what a client asserts of itself, so that one client could
        otherwise play both.  Nor may the two have one staff id: that may well be one person at two clients.
        """
        if self.client == first.client or self.actor == first.actor:
            raise SecondPersonNeeded(ANOTHER_CLIENT)
        return self
