"""`hutong contracts [--check]`: the OpenAPI documents as committed snapshots."""

import importlib
import json
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from services.commands.migrations import SERVICES
from services.commands.processes import _SETTINGS
from services.local import secrets

FOLDER = Path(__file__).parents[2] / "docs" / "openapi"


def document(service: str) -> dict[str, Any]:
    """A service's OpenAPI document; made from its routes, with keys that are thrown away."""
    with tempfile.TemporaryDirectory(prefix="hutong-contracts-") as folder:
        home = Path(folder)
        secrets.make(home)
        settings = _SETTINGS[service].model_validate(
            {
                "home": home,
                "registry_url": "http://127.0.0.1:8100",
                "issuer_url": "",
                f"{service}_database_url": "postgresql://nobody:none@127.0.0.1:1/none",
            }
        )
        made: dict[str, Any] = (
            importlib.import_module(f"services.{service}.application")
            .create_app(settings)
            .openapi()
        )
    return made


def text_of(service: str) -> str:
    return json.dumps(document(service), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def contracts(
    check: Annotated[
        bool, typer.Option("--check", help="fail when a snapshot is not the code's")
    ] = False,
) -> None:
    """Write the OpenAPI snapshots, or check them."""
    stale = []
    for service in SERVICES:
        path = FOLDER / f"{service}.json"
        made = text_of(service)
        if check:
            if not path.exists() or path.read_text(encoding="utf-8") != made:
                stale.append(service)
        else:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path.write_text(made, encoding="utf-8")
    if stale:
        typer.echo(
            f"OpenAPI snapshots differ: {', '.join(stale)}; make contracts, and read the diff"
        )
        raise typer.Exit(1)
    typer.echo("OpenAPI snapshots match" if check else f"written to {FOLDER.name}/")
