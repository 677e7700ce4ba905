"""Authenticity of rulings: their rows carry no seal of their own, but the decisions behind them do.

Whoever can write to the database alone can let a proposal go, or slip in a ruling that nobody made.  Therefore nothing is
told to matching of which the sealed decision does not say what it is, about which records, and whether a second person is
needed; nor unless that person's own decision says that he agrees.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import structlog

from services.registry.key_care.authenticity import note_of
from services.registry.rulings.constraints import Constraint
from services.registry.rulings.making import decision_kind, is_proposal
from services.registry.rulings.terms import RulingKind, Second
from shared.sealing import Sealer, Unsealable

log = structlog.get_logger()


class Forged(Exception):
    """Why a ruling is not what people decided; never a value."""


class Erased(Exception):
    """The decision's key was destroyed with a child: what it said can be shown no more."""


def check(
    sealer: Sealer,
    row: Any,
    words: Mapping[UUID, Any],
    said: Iterable[Constraint],
    *,
    binds: bool = True,
) -> None:
    """Forged unless the ``row`` of a ruling, and what is ``said`` of it to matching, are as people decided; Erased where
    that cannot be told any more.  ``words`` are their decisions (``queries.words_of``); one that ``binds`` nobody needs
    no second person.
    """
    first = _opened(sealer, row, words, row["id"])
    if first["kind"] not in (decision_kind(row["kind"]), decision_kind(row["kind"], proposed=True)):
        raise Forged("is of another kind than its decision")
    if first["decided_at"] != row["made_at"]:
        raise Forged("was not made when it was decided")
    if row["second"] is not None:
        second = _opened(sealer, row, words, row["second"])
        if second["kind"] not in (decision_kind(answer) for answer in Second):
            raise Forged("rests on a decision that answers no proposal")
        if _person(second) == _person(first) or second["decided_at"] < first["decided_at"]:
            raise Forged("was agreed to by no second person")
    if binds and is_proposal(first["kind"]):
        agreed = words.get(row["second"])
        if agreed is None or agreed["kind"] != decision_kind(Second.AGREE):
            raise Forged("was agreed to by no second person")
    if not all(_follows(row, one) for one in said):
        raise Forged("says other than its decision")


def may_be_told(
    sealer: Sealer, row: Any | None, words: Mapping[UUID, Any], one: Constraint
) -> bool:
    """Whether an older ruling, if there is such a row, says so; where not, it is named in the log.

    Where an erasure took the proof, what only keeps apart may be told: it joins nobody.
    """
    try:
        if row is None:
            raise Forged("is of no ruling")
        check(sealer, row, words, [one])
    except Forged as error:
        log.error("constraint.forged", constraint=str(one.id), what=str(error))
        return False
    except Erased:
        return not one.same
    return True


def _opened(sealer: Sealer, row: Any, words: Mapping[UUID, Any], decision: UUID) -> Any:
    word = words.get(decision)
    if word is None:
        raise Forged("was decided by nobody")
    if (word["basis"], word["child_id"]) != (row["entries"], row["one"]):
        raise Forged("is about other records than its decision")
    if word["wrapped"] is None:
        raise Erased
    try:
        note_of(sealer, word)
    except Unsealable as error:
        raise Forged("rests on a decision that was changed") from error
    return word


def _follows(row: Any, one: Constraint) -> bool:
    """Whether a ruling of this kind, about these records, can ask for it.  Moving joins one record to one other."""
    kind = RulingKind(row["kind"])
    if not one.entries <= set(row["entries"]):
        return False
    if kind is RulingKind.MOVE:
        return not one.same or len(one.entries) == 2
    return kind in ((RulingKind.SAME,) if one.same else (RulingKind.DIFFERENT, RulingKind.PART))


def _person(word: Any) -> tuple[str, str]:
    return word["client"], word["actor"]
