"""The manifests as a cluster gets them, and that every policy bites."""

import copy
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.commands.manifests import KUBERNETES
from services.deployment.policies import findings
from services.deployment.rendering import Manifest, Unsupported, render
from services.deployment.schemas import schema_findings

ROOT = Path(__file__).parents[2]
OVERLAY = ROOT / "deploy" / "k8s" / "overlays" / "example"


@pytest.fixture(scope="module")
def rendered() -> list[Manifest]:
    return render(OVERLAY)


def one(manifests: list[Manifest], kind: str, name: str = "registry") -> Manifest:
    (found,) = (m for m in manifests if m["kind"] == kind and m["metadata"]["name"] == name)
    return found


def pod(manifests: list[Manifest]) -> Manifest:
    found: Manifest = one(manifests, "Deployment")["spec"]["template"]["spec"]
    return found


def container(manifests: list[Manifest]) -> Manifest:
    found: Manifest = pod(manifests)["containers"][0]
    return found


def test_the_manifests_are_valid_and_within_policy(rendered: list[Manifest]) -> None:
    assert [str(f) for f in schema_findings(rendered, KUBERNETES)] == []
    assert [str(f) for f in findings(rendered)] == []


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl to compare with")
def test_we_render_as_kustomize_does(rendered: list[Manifest]) -> None:
    said = subprocess.run(["kubectl", "kustomize", OVERLAY], check=True, capture_output=True).stdout
    theirs = {(m["kind"], m["metadata"]["name"]): m for m in yaml.safe_load_all(said)}
    assert {(m["kind"], m["metadata"]["name"]): m for m in rendered} == theirs


def put(
    find: Callable[[list[Manifest]], Any], key: Any, value: Any
) -> Callable[[list[Manifest]], None]:
    def change(manifests: list[Manifest]) -> None:
        find(manifests)[key] = value

    return change


def drop(find: Callable[[list[Manifest]], Any], key: Any) -> Callable[[list[Manifest]], None]:
    def change(manifests: list[Manifest]) -> None:
        del find(manifests)[key]

    return change


def without(kind: str, name: str) -> Callable[[list[Manifest]], None]:
    def change(manifests: list[Manifest]) -> None:
        manifests.remove(one(manifests, kind, name))

    return change


def context(manifests: list[Manifest]) -> Manifest:
    found: Manifest = container(manifests)["securityContext"]
    return found


def settings(manifests: list[Manifest]) -> Manifest:
    found: Manifest = one(manifests, "ConfigMap", "hutong-settings")["data"]
    return found


def job_container(manifests: list[Manifest]) -> Manifest:
    job = one(manifests, "Job", "hutong-migrations")
    found: Manifest = job["spec"]["template"]["spec"]["initContainers"][0]
    return found


def worker(manifests: list[Manifest]) -> Manifest:
    deployment = one(manifests, "Deployment", "registry-worker")
    found: Manifest = deployment["spec"]["template"]["spec"]["containers"][0]
    return found


URL = "postgresql://registry_app:x@db/registry"
DEPLOYMENT = "Deployment/registry"
CONTAINER = "Deployment/registry/registry"
WORKER = "Deployment/registry-worker/registry-worker"
SETTINGS = "ConfigMap/hutong-settings"

BREACHES: list[tuple[Callable[[list[Manifest]], None], str, str]] = [
    (put(lambda m: pod(m)["securityContext"], "runAsNonRoot", False), DEPLOYMENT, "non-root"),
    (put(lambda m: pod(m)["securityContext"], "runAsUser", 0), DEPLOYMENT, "non-root"),
    (drop(lambda m: pod(m)["securityContext"], "seccompProfile"), DEPLOYMENT, "seccomp"),
    (drop(pod, "automountServiceAccountToken"), DEPLOYMENT, "pod"),
    (drop(pod, "enableServiceLinks"), DEPLOYMENT, "pod"),
    (put(pod, "hostNetwork", True), DEPLOYMENT, "host"),
    (
        put(lambda m: pod(m)["volumes"], 3, {"name": "scratch", "hostPath": {"path": "/tmp"}}),
        DEPLOYMENT,
        "host",
    ),
    (drop(pod, "topologySpreadConstraints"), DEPLOYMENT, "spread"),
    (put(context, "readOnlyRootFilesystem", False), CONTAINER, "read-only"),
    (drop(context, "allowPrivilegeEscalation"), CONTAINER, "privilege"),
    (put(context, "privileged", True), CONTAINER, "privilege"),
    (
        put(context, "capabilities", {"drop": ["ALL"], "add": ["NET_RAW"]}),
        CONTAINER,
        "capabilities",
    ),
    (put(context, "runAsUser", 0), CONTAINER, "non-root"),
    (put(container, "image", "registry.example.org:5000/hutong"), CONTAINER, "image"),
    (put(container, "image", "registry.example.org/hutong:latest"), CONTAINER, "image"),
    (put(container, "imagePullPolicy", "Always"), CONTAINER, "image"),
    (drop(lambda m: container(m)["resources"], "limits"), CONTAINER, "resources"),
    (drop(lambda m: container(m)["resources"]["requests"], "cpu"), CONTAINER, "resources"),
    (drop(container, "livenessProbe"), CONTAINER, "probes"),
    (
        put(lambda m: container(m)["readinessProbe"]["httpGet"], "path", "/healthz"),
        CONTAINER,
        "probes",
    ),
    (drop(worker, "ports"), WORKER, "metrics"),
    (drop(worker, "livenessProbe"), WORKER, "probes"),
    (put(lambda m: worker(m)["env"][2], "value", "9101"), WORKER, "metrics"),
    (
        put(lambda m: container(m)["env"], 1, {"name": "HUTONG_X_TOKEN", "value": "t"}),
        CONTAINER,
        "secrets",
    ),
    (put(lambda m: container(m)["env"], 0, {"name": "DSN", "value": URL}), CONTAINER, "secrets"),
    (put(lambda m: container(m)["args"], 0, URL), CONTAINER, "secrets"),
    (put(settings, "HUTONG_REGISTRY_DATABASE_URL", URL), SETTINGS, "secrets"),
    (put(settings, "HUTONG_ADMIN_PASSWORD", "x"), SETTINGS, "secrets"),
    (put(job_container, "image", "hutong"), "Job/hutong-migrations/registry", "image"),
    (without("PodDisruptionBudget", "registry"), DEPLOYMENT, "budget"),
    (without("HorizontalPodAutoscaler", "registry"), DEPLOYMENT, "scale"),
    (put(lambda m: one(m, "Deployment")["spec"], "replicas", 3), DEPLOYMENT, "scale"),
    (without("Deployment", "registry"), "HorizontalPodAutoscaler/registry", "scale"),
    (without("Deployment", "registry"), "Service/registry", "dangling"),
    (without("Deployment", "registry"), "NetworkPolicy/calls-to-registry", "dangling"),
    (without("ConfigMap", "hutong-settings"), CONTAINER, "dangling"),
    (without("NetworkPolicy", "default-deny"), "NetworkPolicy", "network"),
    (
        drop(lambda m: one(m, "NetworkPolicy", "matching")["spec"]["ingress"][0], "from"),
        "NetworkPolicy/matching",
        "network",
    ),
]


@pytest.mark.parametrize(("breach", "manifest", "rule"), BREACHES)
def test_every_policy_bites(
    rendered: list[Manifest],
    breach: Callable[[list[Manifest]], None],
    manifest: str,
    rule: str,
) -> None:
    broken = copy.deepcopy(rendered)
    breach(broken)
    assert (manifest, rule) in {(f.manifest, f.rule) for f in findings(broken)}


def test_an_inline_secret_is_refused_whatever_its_kind(rendered: list[Manifest]) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "stringData": {"a": "b"},
    }
    assert ("Secret/s", "secrets") in {(f.manifest, f.rule) for f in findings([*rendered, secret])}


def test_an_unknown_field_is_a_schema_finding(rendered: list[Manifest]) -> None:
    broken = copy.deepcopy(rendered)
    pod(broken)["restartpolicy"] = "Always"
    assert [f.manifest for f in schema_findings(broken, KUBERNETES)] == [DEPLOYMENT]


@pytest.mark.parametrize(
    "told",
    [
        {"configMapGenerator": [{"name": "x"}]},
        {"labels": [{"pairs": {"a": "b"}, "includeSelectors": True}]},
        {"patches": [{"path": "patch.yaml", "target": {"kind": "Service"}}]},
        {"patches": [{"patch": "[]", "target": {"kind": "Ingress"}}]},
    ],
)
def test_what_we_cannot_render_is_refused(tmp_path: Path, told: dict[str, Any]) -> None:
    (tmp_path / "service.yaml").write_text("{apiVersion: v1, kind: Service, metadata: {name: x}}")
    (tmp_path / "kustomization.yaml").write_text(
        yaml.safe_dump({"resources": ["service.yaml"], **told})
    )
    with pytest.raises(Unsupported):
        render(tmp_path)
