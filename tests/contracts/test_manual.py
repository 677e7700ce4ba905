"""The manual's tables, held against the code's: what is printed for integrators is what holds."""

import ast
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import cast

import pytest

from services.commands.contracts import document
from services.matching.linkage import blocking
from services.matching.linkage.comparison import LEVELS
from services.matching.linkage.normalization import Features, GuardianFeatures, standardise
from services.matching.models import shipped
from services.notifications.notices.states import TABLE, Move, State
from services.registry.access.matrix import matrix
from services.registry.alerts.terms import ALLOWED, OUTCOMES, AlertActKind, AlertState
from services.registry.cases.terms import ADDRESSEES, TOPICS, CaseKind
from services.registry.key_care.terms import REASONS
from services.registry.rulings.terms import GROUNDS, RulingKind, Second
from shared import resident_id
from shared.problems import Problem
from shared.vocabulary import Department, Scope

DOCS = Path(__file__).parents[2] / "docs"
SEARCHING = "### Searching by partial evidence (模糊查找)"
CODE = re.compile(r"`([^`]+)`")


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of every table row under a heading, up to the next one."""
    text = (DOCS / page).read_text(encoding="utf-8")
    section = re.split(r"\n#+ ", text.split(f"{heading}\n", 1)[1], maxsplit=1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def words(cell: str) -> list[str]:
    return CODE.findall(cell)


def reasons(heading: str) -> Mapping[str, list[str]]:
    listed = [row for row in rows("integrating.md", heading) if len(row) == 2 and words(row[1])]
    return {
        f"{words(one)[0]}{' (second)' * ('second' in one)}": words(other) for one, other in listed
    }


def test_the_reasons_of_key_care() -> None:
    printed = reasons("### Key care (重点关爱)")
    assert printed == {str(kind): sorted(map(str, fitting)) for kind, fitting in REASONS.items()}


def test_the_reasons_of_rulings() -> None:
    printed = reasons("### Who is whom (疑似待核、人工比对)")
    kinds: list[RulingKind | Second] = [*RulingKind, *Second]
    assert printed == {
        f"{kind}{' (second)' * isinstance(kind, Second)}": sorted(map(str, GROUNDS[kind]))
        for kind in kinds
    }


ACTS = {
    "acceptance": Move.ACCEPT,
    "answer": Move.ANSWER,
    "refusal": Move.REFUSE,
    "release": Move.RELEASE,
    "withdrawal": Move.WITHDRAW,
}


def test_the_states_in_which_an_act_is_possible() -> None:
    printed = {
        words(act)[0].removeprefix("…/"): words(states)
        for act, _, states in [
            r for r in rows("integrating.md", "## Notices (通知单)") if words(r[0])
        ]
    }
    assert printed == {
        act: [str(state) for state in State if (state, move) in TABLE] for act, move in ACTS.items()
    }


def test_the_purposes_under_which_people_rule() -> None:
    text = (DOCS / "integrating.md").read_text(encoding="utf-8")
    (line,) = [one for one in text.splitlines() if one.startswith("Purposes under which reviews")]
    cells = matrix()["cells"][Department.CIVIL_AFFAIRS]
    assert words(line.split(";")[0]) == sorted(
        purpose for purpose, groups in cells.items() if "identity" in groups
    )


def test_every_level_of_every_comparison() -> None:
    printed: dict[str, list[str]] = {}
    compared: list[str] = []
    for one, level, meaning in rows("links.md", "## Levels")[2:]:
        compared = words(one) or compared
        assert meaning
        for comparison in compared:
            printed.setdefault(comparison, []).extend(words(level))
    assert printed == {name: list(levels) for name, levels in LEVELS.items()}


KNOWN: Features = {
    "name": "示小满",
    "id_number": "371721201705030126",
    "birth_date": "2017-05-03",
    "sex": "female",
    "phone": "14200000001",
    "hukou_division": "371721000000",
    "residence_division": "500103000000",
    "residence_address": "渝中区示例路2号3单元401室",
    "school": "示例小学",
}
GUARDIAN: GuardianFeatures = {
    "name": "示大山",
    "id_number": resident_id.make(371721, date(1988, 4, 12), 11),
    "phone": "14200000001",
}
SUFFICES = [row[0] for row in rows("integrating.md", SEARCHING)[2:]]


def keys_of(features: Features) -> list[str]:
    return blocking.keys(standardise(features), shipped.model().blocking)


@pytest.mark.parametrize("row", SUFFICES)
def test_what_is_said_to_suffice_for_a_search_does(row: str) -> None:
    told: Features = {}
    needed = re.sub(r"\(or [^)]*\)", "", row)
    for of_guardian, fact in re.findall(r"(guardian's )?`(\w+)`", needed):
        if of_guardian:
            told["guardians"] = [cast(GuardianFeatures, {fact: GUARDIAN[fact]})]  # type: ignore[literal-required]
        else:
            told[fact] = KNOWN[fact]  # type: ignore[literal-required]
    assert told and keys_of(told), row


@pytest.mark.parametrize("fact", ["school", "residence_address", "sex"])
def test_what_is_said_to_be_too_little_is(fact: str) -> None:
    told = cast(Features, {k: told for k, told in KNOWN.items() if k in ("name", fact)})
    assert not [key for key in keys_of(told) if not key.startswith("home|")]


def test_the_thresholds() -> None:
    model = shipped.model()
    told = {
        words(row[0])[0] if words(row[0]) else row[0]: row[1]
        for row in rows("links.md", "## Certain, possible, likely")[2:]
    }
    assert told["prior"].startswith(f"{model.prior:g} bits")
    assert told["possible"].startswith(f"from {model.possible:g} bits on")
    assert told["certain"].startswith(f"from {model.certain:g} bits on")
    assert f"the same {model.certain:g} bits" in told["likely"]
    odds = round(2**-model.prior, -4)
    assert f"one in {odds:,.0f}" in told["prior"]


@pytest.mark.parametrize("page", ["integrating.md", "links.md", "glossary.md"])
def test_links_between_pages_lead_to_a_heading(page: str) -> None:
    for target, anchor in re.findall(r"\]\(([a-z]*\.?m?d?)#([^)]+)\)", (DOCS / page).read_text()):
        text = (DOCS / (target or page)).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        assert anchor in [_anchor(heading) for heading in headings], anchor


def _anchor(heading: str) -> str:
    """As forges make it: lower case, spaces to hyphens, no punctuation."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def sections(page: str, heading: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8").split(f"{heading}\n", 1)[1].split("\n## ")[0]


def test_every_problem_type_is_listed_with_its_status() -> None:
    """What a client decides by."""
    for service in ("registry", "notifications"):
        document(service)  # has every module of the service imported
    known = {(one.type, one.status) for one in _kinds(Problem) if one.__module__.startswith(OURS)}
    table = [row for row in rows("integrating.md", "### Problem types")[2:] if row[1].isdigit()]
    printed = {(word, int(row[1])) for row in table for word in words(row[0])}
    assert printed == known


OURS = ("shared.", "services.registry.", "services.notifications.")


def _kinds(base: type[Problem]) -> Iterator[type[Problem]]:
    for one in base.__subclasses__():
        yield one
        yield from _kinds(one)


def test_every_code_of_our_own_is_listed() -> None:
    """Each that stands as a word in the code; those of a field's form are pydantic's."""
    root = DOCS.parent
    files = [
        file
        for part in ("shared", "services/registry", "services/notifications")
        for file in (root / part).rglob("*.py")
    ]
    used = {code for file in files for code in _codes(ast.parse(file.read_text(encoding="utf-8")))}
    listed = set(words(sections("integrating.md", "### Codes").split("\n\nA query parameter")[0]))
    assert used - listed == set()


def _codes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            at = {"Flaw": 1, "PydanticCustomError": 0}.get(node.func.id)
            if at is not None and len(node.args) > at:
                code = node.args[at]
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    yield code.value


def test_every_scope_is_in_the_glossary() -> None:
    assert set(words(sections("glossary.md", "## Scopes (权限)"))) == set(Scope)


def test_the_acts_on_an_alert() -> None:
    printed = {
        words(act)[0]: (words(states), sorted(words(outcomes)))
        for act, states, outcomes in rows("integrating.md", "### Alerts (预警)")[2:]
    }
    assert printed == {
        str(act): (
            [str(state) for state in AlertState if act in ALLOWED[state]],
            sorted(map(str, OUTCOMES[act])),
        )
        for act in AlertActKind
    }


def test_the_topics_and_addressees_of_cases() -> None:
    printed = {
        words(kind)[0]: (words(topics), words(to))
        for kind, topics, to, _ in rows("integrating.md", "### Cases (个案)")[2:]
    }
    assert printed == {
        str(kind): (list(map(str, TOPICS[kind])), list(map(str, ADDRESSEES[kind])))
        for kind in CaseKind
    }


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_map_names_every_folder_of_a_service(page: str) -> None:
    """What is where (目录)."""
    text = (DOCS.parent / page).read_text(encoding="utf-8")
    for service in ("registry", "matching", "notifications"):
        root = DOCS.parent / "services" / service
        shown = text.split(f"services/{service}/ ", 1)[1].split("\nservices/", 1)[0]
        nouns = {one.parent.name for one in root.glob("*/__init__.py")}
        assert sorted(noun for noun in nouns if f"{noun}/" not in shown) == []
