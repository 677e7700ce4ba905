"""Reading the access matrix: it says nothing of any child, so neither purpose nor actor is asked for."""

from typing import Annotated

from services.registry.access.matrix import matrix, open_groups
from services.registry.access.schemas import AccessOut
from shared.application import USUAL, Router
from shared.auth import Caller, allowed
from shared.vocabulary import Department, Scope

router = Router(prefix="/v1", tags=["rules"], responses=USUAL)


@router.get("/access", summary="Read who sees what")
async def show_access(
    caller: Annotated[Caller, allowed(Scope.ACCESS_READ, purpose=False)],
) -> AccessOut:
    """Which department sees which field group for which purpose, in full or masked."""
    held = matrix()
    return AccessOut.model_validate(
        {
            "version": held["version"],
            "cells": {
                department: {
                    purpose: open_groups(Department(department), purpose) for purpose in purposes
                }
                for department, purposes in held["cells"].items()
            },
            "categories": held["categories"],
            "compartments": held["compartments"],
        }
    )
