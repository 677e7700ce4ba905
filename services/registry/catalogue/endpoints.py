"""Reading the catalogue: it says nothing of any child, so neither purpose nor actor is asked for."""

from typing import Annotated

from fastapi import Request

from services.registry.access.matrix import matrix
from services.registry.catalogue.listing import catalogue, names
from services.registry.catalogue.schemas import CatalogueOut
from shared.application import USUAL, Router
from shared.auth import Caller, allowed
from shared.vocabulary import Scope

router = Router(prefix="/v1", tags=["rules"], responses=USUAL)


@router.get("/catalogue", summary="Read the catalogue", response_model_exclude_none=True)
async def show_catalogue(
    request: Request, caller: Annotated[Caller, allowed(Scope.ACCESS_READ, purpose=False)]
) -> CatalogueOut:
    """What the hub offers, as an exchange platform (数据共享交换平台) registers it: data items, providers, legal ground, rhythm,
    and on what condition: 无条件共享, 有条件共享, 不予共享.

    Made from the access matrix, the feeds and this API's own document, so it says what holds.
    """
    return CatalogueOut.model_validate(
        {
            "regulation": names()["regulation"],
            "version": matrix()["version"],
            "resources": catalogue(request.app.openapi()),
        }
    )
