"""The registry's way to matching: resolve, retract, follow link changes, explain. No other
caller is served.
"""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request

from services.matching.entries.models import Entry
from services.matching.keyings.following import Following
from services.matching.linkage.comparison import COMPARISONS
from services.matching.linkage.weights import Model
from services.matching.links import explaining, linking, retracting
from services.matching.links.explaining import Explanation
from services.matching.links.grades import Grade
from services.matching.links.linker import Linker
from services.matching.links.models import LinkChange
from services.matching.links.schemas import (
    MAX_REVIEWS,
    BindingOut,
    ComparisonOut,
    ExplanationOut,
    ExplanationsIn,
    ExplanationsOut,
    LinkChangesOut,
    LinkOut,
    LinksOut,
    ResolutionsIn,
    RetractionsIn,
    ReviewOut,
)
from shared.application import USUAL, Router, Transaction
from shared.auth import Caller, allowed
from shared.limits import MAX_PAGE
from shared.vocabulary import Scope

router = Router(prefix="/v1", tags=["links"], responses=USUAL)

Registry = Annotated[Caller, allowed(Scope.RESOLUTIONS_WRITE, purpose=False)]


@router.post("/resolutions", summary="Resolve entries")
async def resolve_entries(
    request: Request, caller: Registry, session: Transaction, resolutions: ResolutionsIn
) -> LinksOut:
    """Find each entry's person. Idempotent by entry and version: repeating a batch gives the
    same links, a version older than the stored one changes nothing, and a newer one replaces the
    features and may relink.
    """
    items = [resolution.item() for resolution in resolutions.items]
    links = await linking.resolve(session, linker_of(request), items)
    return LinksOut(items=[LinkOut.of(link) for link in links])


@router.post("/retractions", summary="Retract entries")
async def retract_entries(
    request: Request, caller: Registry, session: Transaction, retractions: RetractionsIn
) -> LinksOut:
    """Link recalled or erased entries to nobody and destroy what is kept of them."""
    asked = [retraction.retraction() for retraction in retractions.items]
    links = await retracting.retract(session, linker_of(request), asked)
    return LinksOut(items=[LinkOut.of(link) for link in links])


@router.get("/link-changes", summary="List changed links")
async def list_link_changes(
    caller: Registry,
    session: Transaction,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = MAX_PAGE,
) -> LinkChangesOut:
    """Every change of every link, in the order in which they hold."""
    changes = await explaining.changes_after(session, after, limit)
    return LinkChangesOut(
        items=[_link_out(change) for change in changes],
        next=changes[-1].link_seq if changes else after,
    )


@router.get("/explanations/{entry}", summary="Explain a link")
async def explain_link(
    request: Request, caller: Registry, session: Transaction, entry: Annotated[UUID, Path()]
) -> ExplanationOut:
    """Why the entry is linked as it is, comparison by comparison, without any personal value."""
    found = await explaining.explain(session, entry)
    return _explained(found, linker_of(request).model)


@router.post("/explanations/read", summary="Explain several links")
async def explain_links(
    request: Request, caller: Registry, session: Transaction, asked: ExplanationsIn
) -> ExplanationsOut:
    """Why each of these entries is linked as it is; those linked to nobody are left out."""
    model = linker_of(request).model
    found = await explaining.explain_all(session, asked.entries)
    return ExplanationsOut(items=[_explained(one, model) for one in found])


def _explained(found: Explanation, model: Model) -> ExplanationOut:
    return ExplanationOut(
        link=_link_out(found.link),
        against=found.link.against,
        prior=_prior(found.link, model),
        crowded=found.link.crowded,
        comparisons=comparisons(found.link.levels.split(), found.link.weights),
        reviews=[
            ReviewOut(
                candidate=review.one if review.other == found.link.person else review.other,
                weight=round(review.weight, 6),
                comparisons=comparisons(review.levels.split(), review.weights),
            )
            for review in found.reviews[:MAX_REVIEWS]
        ],
        rulings=[BindingOut(ruling=one.ruling, same=one.same) for one in found.rulings],
    )


def comparisons(levels: Sequence[str], weights: Sequence[float]) -> list[ComparisonOut]:
    return [
        ComparisonOut(comparison=name, level=level, weight=round(weight, 6))
        for name, level, weight in zip(COMPARISONS, levels, weights, strict=False)
    ]


def _prior(link: Entry, model: Model) -> float:
    """Of the model that decided, which may not be the active one: what its comparisons leave."""
    return round(link.weight - sum(link.weights), 6) if link.weights else model.prior


def linker_of(request: Request) -> Linker:
    """The linker by the regime that this process met last; acts renew it under their locks."""
    following: Following = request.app.state.following
    return following.linker


def _link_out(link: Entry | LinkChange) -> LinkOut:
    return LinkOut(
        entry=link.entry,
        person=link.person,
        grade=Grade(link.grade),
        weight=round(link.weight, 6),
        rule_version=link.rule_version,
        link_seq=link.link_seq,
    )
