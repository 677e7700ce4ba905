"""Eligible: who stands on a roster to a higher level (R60); pure.

Being on the roster opens a benefit and is none of the acts of protection: those never wait for it.
"""

from collections.abc import Collection, Mapping
from typing import Any

from services.registry.profiles.families.surveys import UpwardRoster
from services.registry.profiles.rules import Unset
from services.registry.rosters.terms import Eligible
from services.registry.status import Status

#: The benefit that makes a child eligible.  A migrant child lives with a parent or another guardian, in no institution:
#: so an orphan among them is a scattered one (社会散居).
_BY_BENEFIT = {
    "orphan": Eligible.SCATTERED_ORPHAN,
    "de_facto_unsupported": Eligible.DE_FACTO_UNSUPPORTED,
}


def eligible(
    fields: Mapping[str, Any], status: str, confirmed: Collection[str], rule: UpwardRoster
) -> tuple[Eligible, ...]:
    """Why a child is on the roster, by the classes that the rule names; empty where it is not.

    ``confirmed``: the child's categories of key care that a person confirmed.  Which of them make a child one in key
    difficulty (重点困境儿童) no text says: until it is configured, none does.
    """
    if status != Status.MIGRANT:
        return ()
    found = {
        one
        for kind, one in _BY_BENEFIT.items()
        if fields.get(f"assistance_{kind}", {}).get("value") == "started"
    }
    key = rule.key_difficulty
    if not isinstance(key, Unset) and set(key) & set(confirmed):
        found.add(Eligible.KEY_DIFFICULTY)
    return tuple(one for one in Eligible if one in found and one in rule.eligible)
