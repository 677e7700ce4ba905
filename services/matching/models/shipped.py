"""The linkage model this release carries."""

from importlib import resources

from services.matching import linkage
from services.matching.linkage import weights
from services.matching.linkage.weights import Model


def text() -> bytes:
    return resources.files(linkage).joinpath("model.toml").read_bytes()


def model() -> Model:
    return weights.parse(text())
