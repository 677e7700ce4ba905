"""Who acts: some acts are for civil affairs (民政) alone, and those of two persons need two *subjects*.

A subject is a client together with its acting person.
"""

from dataclasses import dataclass

from shared.auth import MACHINES, Caller
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
