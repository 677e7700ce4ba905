"""What we ask of our own manifests beyond Kubernetes' schemas: least privilege, no secret, nothing dangling.

Each rule is a pure function from the rendered manifests to findings.  A *workload* is a Deployment or a Job; its
*template* makes pods.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from services.deployment.rendering import Manifest, containers, pod_template

#: A setting of such a name comes from a Secret.
SENSITIVE = re.compile(r"PASSWORD|SECRET|TOKEN|PRIVATE|_KEY$|DATABASE_URL$|OWNER_URL$|SUPERUSER")
CREDENTIALS = re.compile(r"://[^/\s]*:[^/\s]*@|PRIVATE KEY")
PROBES = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
#: Of a worker, which serves metrics alone and has nobody to be ready for.
WORKER_PROBES = {"startupProbe": "/metrics", "livenessProbe": "/metrics"}
POD_SETTINGS = {"automountServiceAccountToken": False, "enableServiceLinks": False}
HOST = ("hostNetwork", "hostPID", "hostIPC")
VOLUMES = {"name", "secret", "configMap", "emptyDir", "projected"}


@dataclass(frozen=True, slots=True)
class Finding:
    """``rule`` is broken by ``manifest``, written Kind/name."""

    manifest: str
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.manifest}: {self.rule}: {self.what}"


Rule = Callable[[list[Manifest]], Iterator[Finding]]


def findings(manifests: list[Manifest]) -> list[Finding]:
    """Every breach of every rule."""
    return [finding for rule in RULES for finding in rule(manifests)]


def _name(manifest: Manifest) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def _of(manifests: list[Manifest], kind: str) -> Iterator[Manifest]:
    return (manifest for manifest in manifests if manifest["kind"] == kind)


def _templates(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    for manifest in manifests:
        if template := pod_template(manifest):
            yield _name(manifest), template


def _containers(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest, Manifest]]:
    for name, template in _templates(manifests):
        for container in containers(template):
            yield f"{name}/{container['name']}", container, template


def pods_are_restricted(manifests: list[Manifest]) -> Iterator[Finding]:
    for name, template in _templates(manifests):
        spec = template["spec"]
        context = spec.get("securityContext", {})
        if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
            yield Finding(name, "non-root", "runAsNonRoot and a runAsUser other than 0")
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield Finding(name, "seccomp", "seccompProfile RuntimeDefault")
        for setting, wanted in POD_SETTINGS.items():
            if spec.get(setting) is not wanted:
                yield Finding(name, "pod", f"{setting}: {str(wanted).lower()}")
        for setting in HOST:
            if spec.get(setting):
                yield Finding(name, "host", f"no {setting}")
        for volume in spec.get("volumes", []):
            if strange := set(volume) - VOLUMES:
                yield Finding(name, "host", f"no volume of {', '.join(sorted(strange))}")


def containers_are_restricted(manifests: list[Manifest]) -> Iterator[Finding]:
    for name, container, _ in _containers(manifests):
        context = container.get("securityContext", {})
        if context.get("readOnlyRootFilesystem") is not True:
            yield Finding(name, "read-only", "readOnlyRootFilesystem: true")
        if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
            yield Finding(name, "privilege", "allowPrivilegeEscalation: false, never privileged")
        capabilities = context.get("capabilities", {})
        if capabilities.get("drop") != ["ALL"] or capabilities.get("add"):
            yield Finding(name, "capabilities", "drop: [ALL] and add none")
        if context.get("runAsUser") == 0 or context.get("runAsNonRoot") is False:
            yield Finding(name, "non-root", "no container undoes its pod's runAsNonRoot")


def images_are_pinned(manifests: list[Manifest]) -> Iterator[Finding]:
    for name, container, _ in _containers(manifests):
        image = container["image"]
        tag = image.rpartition("/")[2].partition(":")[2]
        if "@sha256:" not in image and tag in ("", "latest"):
            yield Finding(name, "image", "a tag other than latest, or a digest")
        if container.get("imagePullPolicy") == "Always" and "@sha256:" not in image:
            yield Finding(name, "image", "a tag is not pulled anew under a running release")


def resources_are_set(manifests: list[Manifest]) -> Iterator[Finding]:
    for name, container, _ in _containers(manifests):
        resources = container.get("resources", {})
        missing = {"cpu", "memory"} - set(resources.get("requests", {}))
        if missing or "memory" not in resources.get("limits", {}):
            yield Finding(name, "resources", "requests of cpu and memory, a limit of memory")


def probes_are_set(manifests: list[Manifest]) -> Iterator[Finding]:
    """Whatever listens is asked; what has no port (a job) has nobody to ask."""
    for name, container, _ in _containers(manifests):
        if not container.get("ports"):
            if any(container.get(probe, {}).get("httpGet") for probe in PROBES):
                yield Finding(name, "probes", "a probe needs a port")
            continue
        serves = {port["name"] for port in container["ports"]}
        for probe, path in (WORKER_PROBES if serves == {"metrics"} else PROBES).items():
            if container.get(probe, {}).get("httpGet", {}).get("path") != path:
                yield Finding(name, "probes", f"{probe} asks {path}")


def workers_serve_metrics(manifests: list[Manifest]) -> Iterator[Finding]:
    for name, container, _ in _containers(manifests):
        if container.get("args", [])[:1] == ["work"]:
            told = {one["name"]: one.get("value") for one in container.get("env", [])}
            opened = {port["containerPort"] for port in container.get("ports", [])}
            if {told.get("HUTONG_WORKER_PORT")} != {str(port) for port in opened}:
                yield Finding(name, "metrics", "a port that HUTONG_WORKER_PORT says")


def secrets_are_never_inline(manifests: list[Manifest]) -> Iterator[Finding]:
    for secret in _of(manifests, "Secret"):
        yield Finding(_name(secret), "secrets", "made by an operator and only named here")
    for settings in _of(manifests, "ConfigMap"):
        for key, value in settings.get("data", {}).items():
            yield from _inline(_name(settings), key, value)
    for name, container, _ in _containers(manifests):
        for variable in container.get("env", []):
            yield from _inline(name, variable["name"], variable.get("value", ""))
            source = variable.get("valueFrom", {})
            if SENSITIVE.search(variable["name"]) and "secretKeyRef" not in source:
                yield Finding(name, "secrets", f"{variable['name']} comes from a Secret")
        for word in (*container.get("command", []), *container.get("args", [])):
            yield from _inline(name, "an argument", word)


def _inline(where: str, key: str, value: str) -> Iterator[Finding]:
    if CREDENTIALS.search(value) or (value and SENSITIVE.search(key)):
        yield Finding(where, "secrets", f"{key} holds a secret")


def deployments_survive_a_node(manifests: list[Manifest]) -> Iterator[Finding]:
    budgets = [budget["spec"]["selector"] for budget in _of(manifests, "PodDisruptionBudget")]
    scaled = {
        h["spec"]["scaleTargetRef"]["name"]: h["spec"]
        for h in _of(manifests, "HorizontalPodAutoscaler")
    }
    for deployment in _of(manifests, "Deployment"):
        name, template = _name(deployment), deployment["spec"]["template"]
        labels = template["metadata"]["labels"]
        if not template["spec"].get("topologySpreadConstraints"):
            yield Finding(name, "spread", "topologySpreadConstraints")
        if sum(_selects(budget, labels) for budget in budgets) != 1:
            yield Finding(name, "budget", "one PodDisruptionBudget of its own")
        scale = scaled.pop(deployment["metadata"]["name"], None)
        if scale is None or scale.get("minReplicas", 1) < 2:
            yield Finding(name, "scale", "a HorizontalPodAutoscaler of two replicas or more")
        elif "replicas" in deployment["spec"]:
            yield Finding(name, "scale", "no replicas beside an autoscaler")
    for stranger in scaled:
        yield Finding(f"HorizontalPodAutoscaler/{stranger}", "scale", "a Deployment to scale")


def nothing_dangles(manifests: list[Manifest]) -> Iterator[Finding]:
    """Services and policies select pods that exist, by ports that they open; settings named exist."""
    pods = [(template["metadata"]["labels"], template) for _, template in _templates(manifests)]
    for service in _of(manifests, "Service"):
        met = [
            t
            for labels, t in pods
            if _selects({"matchLabels": service["spec"]["selector"]}, labels)
        ]
        opened = {p["name"] for t in met for c in containers(t) for p in c.get("ports", [])}
        if any(port["targetPort"] not in opened for port in service["spec"]["ports"]):
            yield Finding(_name(service), "dangling", "pods that open its target port")
    for policy in _of(manifests, "NetworkPolicy"):
        for selector in _pod_selectors(policy):
            if not any(_selects(selector, labels) for labels, _ in pods):
                yield Finding(_name(policy), "dangling", f"pods that match {selector}")
    known = {settings["metadata"]["name"] for settings in _of(manifests, "ConfigMap")}
    for name, container, _ in _containers(manifests):
        for source in container.get("envFrom", []):
            if source.get("configMapRef", {}).get("name") not in known:
                yield Finding(name, "dangling", "settings from a ConfigMap that is here")


def _pod_selectors(policy: Manifest) -> Iterator[Manifest]:
    yield policy["spec"]["podSelector"]
    for direction, side in (("ingress", "from"), ("egress", "to")):
        for rule in policy["spec"].get(direction, []):
            for peer in rule.get(side, []):
                if "podSelector" in peer and "namespaceSelector" not in peer:
                    yield peer["podSelector"]


def traffic_is_denied_by_default(manifests: list[Manifest]) -> Iterator[Finding]:
    for policy in _of(manifests, "NetworkPolicy"):
        spec = policy["spec"]
        closed = not spec.get("ingress") and not spec.get("egress")
        if (
            spec["podSelector"] == {}
            and set(spec["policyTypes"]) == {"Ingress", "Egress"}
            and closed
        ):
            break
    else:
        yield Finding("NetworkPolicy", "network", "one that denies everything by default")
    for policy in _of(manifests, "NetworkPolicy"):
        for direction, side in (("ingress", "from"), ("egress", "to")):
            for rule in policy["spec"].get(direction, []):
                if not rule.get(side) or not rule.get("ports"):
                    yield Finding(
                        _name(policy), "network", f"every {direction} names peers and ports"
                    )


def _selects(selector: Any, labels: dict[str, str]) -> bool:
    """Whether a label selector meets ``labels``; only ``In`` is read, which is all we write."""
    return all(
        labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()
    ) and all(
        one["operator"] == "In" and labels.get(one["key"]) in one["values"]
        for one in selector.get("matchExpressions", [])
    )


RULES: tuple[Rule, ...] = (
    pods_are_restricted,
    containers_are_restricted,
    images_are_pinned,
    resources_are_set,
    probes_are_set,
    workers_serve_metrics,
    secrets_are_never_inline,
    deployments_survive_a_node,
    nothing_dangles,
    traffic_is_denied_by_default,
)
