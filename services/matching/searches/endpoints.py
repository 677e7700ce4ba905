"""Whom may this describe?  Asked through the registry, which knows areas and children."""

from fastapi import Request

from services.matching.linkage.judging import Verdict, judge
from services.matching.links.endpoints import Registry, comparisons, linker_of
from services.matching.searches import searching
from services.matching.searches.schemas import FoundOut, SearchIn, SearchOut
from shared.application import USUAL, Router, Transaction

router = Router(prefix="/v1", tags=["searches"], responses=USUAL)


@router.post("/searches", summary="Search persons")
async def search_persons(
    request: Request, caller: Registry, session: Transaction, search: SearchIn
) -> SearchOut:
    """Persons whom the features may describe.  Nothing of the search is stored."""
    found = await searching.find(session, linker_of(request), search.features.plain(), search.limit)
    model = linker_of(request).model
    return SearchOut(
        items=[
            FoundOut(
                person=person,
                weight=round(evidence.weight, 6),
                certain=judge(model, evidence) is Verdict.CERTAIN,
                comparisons=comparisons(evidence.levels, evidence.weights),
            )
            for person, evidence in found.persons
        ],
        keys=found.keys,
    )
