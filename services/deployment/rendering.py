"""Renders a kustomization as ``kubectl kustomize`` does, for the few features that deploy/k8s uses.

Those are: ``resources``, ``namespace``, ``labels`` (on objects and pod templates), ``images`` and JSON patches
with a target.  Anything else is refused rather than ignored, so that what we check is what a cluster gets;
a test compares the two where kubectl is there.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]

FEATURES = {"apiVersion", "kind", "resources", "namespace", "labels", "images", "patches"}
#: Kinds that live in no namespace, as far as we use any.
CLUSTER_WIDE = {"Namespace"}


class Unsupported(Exception):
    """The kustomization asks for something that this renderer does not do."""


def render(folder: Path) -> list[Manifest]:
    """Every manifest that ``folder/kustomization.yaml`` gives, in the order of its resources."""
    told = yaml.safe_load((folder / "kustomization.yaml").read_text())
    if strange := set(told) - FEATURES:
        raise Unsupported(f"{folder}: {', '.join(sorted(strange))}")
    found: list[Manifest] = []
    for resource in told.get("resources", []):
        path = folder / resource
        found += render(path) if path.is_dir() else _read(path)
    for patch in told.get("patches", []):
        _patch(found, patch)
    for manifest in found:
        if namespace := told.get("namespace"):
            _place(manifest, namespace)
        for labels in told.get("labels", []):
            _label(manifest, labels)
        for image in told.get("images", []):
            _replace_image(manifest, image)
    return found


def as_yaml(manifests: list[Manifest]) -> str:
    return str(yaml.safe_dump_all(manifests, sort_keys=False, allow_unicode=True))


def _read(path: Path) -> list[Manifest]:
    # Through JSON, so that what an anchor repeats becomes copies that a patch changes apart.
    read = (json.loads(json.dumps(one)) for one in yaml.safe_load_all(path.read_text()))
    return [manifest for manifest in read if manifest]


def pod_template(manifest: Manifest) -> Manifest | None:
    """The pod template of a workload; None for anything else."""
    template: Manifest | None = manifest.get("spec", {}).get("template")
    return template


def containers(template: Manifest) -> Iterator[Manifest]:
    spec = template["spec"]
    yield from spec.get("initContainers", [])
    yield from spec["containers"]


def _place(manifest: Manifest, namespace: str) -> None:
    if manifest["kind"] in CLUSTER_WIDE:
        manifest["metadata"]["name"] = namespace
    else:
        manifest["metadata"]["namespace"] = namespace


def _label(manifest: Manifest, told: Manifest) -> None:
    if told.get("includeSelectors"):
        raise Unsupported("labels with includeSelectors")
    manifest["metadata"].setdefault("labels", {}).update(told["pairs"])
    template = pod_template(manifest)
    if told.get("includeTemplates") and template is not None:
        template.setdefault("metadata", {}).setdefault("labels", {}).update(told["pairs"])


def _replace_image(manifest: Manifest, told: Manifest) -> None:
    template = pod_template(manifest)
    for container in containers(template) if template else ():
        name = container["image"].partition("@")[0]
        name = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
        if name == told["name"]:
            new = told.get("newName", name)
            if "digest" in told:
                container["image"] = f"{new}@{told['digest']}"
            else:
                container["image"] = f"{new}:{told['newTag']}"


def _patch(manifests: list[Manifest], told: Manifest) -> None:
    target = told["target"]
    if strange := set(told) - {"patch", "target"} | set(target) - {"kind", "name"}:
        raise Unsupported(f"patch with {', '.join(sorted(strange))}")
    meant = [
        manifest
        for manifest in manifests
        if manifest["kind"] == target["kind"]
        and target.get("name", manifest["metadata"]["name"]) == manifest["metadata"]["name"]
    ]
    if not meant:
        raise Unsupported(
            f"a patch of {target['kind']} {target.get('name', '')} that meets nothing"
        )
    for manifest in meant:
        for operation in yaml.safe_load(told["patch"]):
            _operate(manifest, operation)


def _operate(manifest: Manifest, operation: Manifest) -> None:
    """One operation of RFC 6902: add, replace or remove."""
    *way, last = (
        step.replace("~1", "/").replace("~0", "~") for step in operation["path"].split("/")[1:]
    )
    place: Any = manifest
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    key: Any = last
    if isinstance(place, list):
        key = len(place) if last == "-" else int(last)
    match operation["op"]:
        case "add" if isinstance(place, list):
            place.insert(key, copy.deepcopy(operation["value"]))
        case "add":
            place[key] = copy.deepcopy(operation["value"])
        case "replace":
            if isinstance(place, dict) and key not in place:
                raise Unsupported(f"replace of {operation['path']}, which is not there")
            place[key] = copy.deepcopy(operation["value"])
        case "remove":
            del place[key]
        case other:
            raise Unsupported(f"patch operation {other}")
