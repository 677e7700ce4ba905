"""`hutong manifests`: what a Kubernetes cluster would be told, and whether it is well told."""

from pathlib import Path
from typing import Annotated

import typer

from services.deployment import rendering
from services.deployment.policies import findings

DEPLOY = Path("deploy/k8s")
#: A version whose schemas `kubernetes-validate` carries; raised with the lock.
KUBERNETES = "1.37"


def manifests(
    check: Annotated[
        bool, typer.Option("--check", help="validate instead of printing; fail on a finding")
    ] = False,
    overlay: Annotated[str, typer.Option(help="a folder of deploy/k8s/overlays")] = "example",
) -> None:
    """Render an overlay of deploy/k8s, or check it against Kubernetes' schemas and our own policies."""
    # A developers' tool, which the image lacks; its `hutong --help` must do without.
    from services.deployment.schemas import schema_findings

    folder = DEPLOY / "overlays" / overlay
    rendered = rendering.render(folder)
    if not check:
        typer.echo(rendering.as_yaml(rendered), nl=False)
        return
    found = [*schema_findings(rendered, KUBERNETES), *findings(rendered)]
    for one in found:
        typer.echo(str(one))
    if found:
        raise typer.Exit(1)
    typer.echo(f"{len(rendered)} manifests of {folder} are valid for Kubernetes {KUBERNETES}")
