"""Kubernetes' own schemas, strict: an unknown field is a finding, not a silence."""

from collections.abc import Iterator

import kubernetes_validate  # type: ignore[import-untyped]

from services.deployment.policies import Finding
from services.deployment.rendering import Manifest


def schema_findings(manifests: list[Manifest], version: str) -> Iterator[Finding]:
    for manifest in manifests:
        name = f"{manifest.get('kind')}/{manifest.get('metadata', {}).get('name')}"
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            where = ".".join(str(step) for step in error.path)
            yield Finding(name, "schema", f"{where}: {error.message}")
        except kubernetes_validate.SchemaNotFoundError:
            yield Finding(name, "schema", f"no such kind in {manifest.get('apiVersion')}")
