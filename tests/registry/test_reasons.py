"""Reasons: whoever gives one that does not fit is told which do."""

from collections.abc import Collection

import pytest

from services.registry.key_care.deciding import check_reason
from services.registry.key_care.terms import REASONS, KeyCareReason
from services.registry.rulings.terms import GROUNDS, RulingGround
from shared.problems import FlawOut, Invalid

DECISIONS = [
    *((str(kind), fitting, KeyCareReason) for kind, fitting in REASONS.items()),
    *((str(kind), fitting, RulingGround) for kind, fitting in GROUNDS.items()),
]


@pytest.mark.parametrize(("decision", "fitting", "every"), DECISIONS)
def test_an_unfitting_reason_is_answered_with_those_that_fit(
    decision: str, fitting: Collection[str], every: type[KeyCareReason] | type[RulingGround]
) -> None:
    for reason in set(every) - set(fitting):
        with pytest.raises(Invalid) as refused:
            check_reason(reason, "", fitting)
        (flaw,) = refused.value.flaws
        assert (flaw.pointer, flaw.code) == ("/body/reason", "unfitting_reason")
        said = flaw.detail.rstrip(".").removeprefix("For this decision: ").split(", ")
        assert set(said) == set(fitting), decision
        FlawOut.model_validate(flaw.as_json())


@pytest.mark.parametrize(("decision", "fitting", "every"), DECISIONS)
def test_those_that_fit_are_taken(
    decision: str, fitting: Collection[str], every: type[KeyCareReason] | type[RulingGround]
) -> None:
    for reason in fitting:
        check_reason(reason, "走访核实", fitting)
