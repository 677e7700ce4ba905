"""Status and key-care proposals: pure decisions over dated facts and a place's rules."""

from services.registry.status.deciding import Reason, Status, StatusDecision, decide
from services.registry.status.facts import ChildFacts, Episode, HukouSpell
from services.registry.status.hardship import HardshipEvidence, Proposal, propose

__all__ = [
    "ChildFacts",
    "Episode",
    "HardshipEvidence",
    "HukouSpell",
    "Proposal",
    "Reason",
    "Status",
    "StatusDecision",
    "decide",
    "propose",
]
