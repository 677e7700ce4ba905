"""No Python names a place: rules of places are data, and a new place is a file.

Read are all strings and names of the code, with neither comments nor docstrings. Exempt is what is data itself:
the table of divisions, invented people, the examples of the documents, and the citations of the texts that each
feed rests on.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from services.registry.profiles import SHIPPED, Profiles
from shared import divisions

ROOT = Path(__file__).parents[2]
#: Files that are data: they may shrink, never grow.
DATA = (
    "services/bench/*",
    "services/demo/*",
    "services/evaluation/*",
    "services/population/*",
    "services/registry/records/feeds/examples.py",
    "shared/divisions/corrections.py",
)
#: Where a text is cited, or a document shown: the argument or field that holds it.
CITING = {"legal_basis", "json_schema_extra", "examples", "example", "description"}


def _names() -> re.Pattern[str]:
    """Every province, city and county of any time, and every profile, as it is written."""
    shipped = Profiles.load(SHIPPED).by_id.values()
    words = {word for one in shipped for word in (one.id, one.name_zh, one.name_en)}
    words |= {word.removesuffix("市").removesuffix("省") for word in words}
    known = (divisions.name_of(code * 10**6) or "" for code in range(110000, 830000))
    words |= {name for name in known if len(name) > 2 and name != "市辖区"}
    return re.compile("|".join(map(re.escape, sorted(words))), re.IGNORECASE)


def _said(tree: ast.Module) -> Iterator[str]:
    """Strings and identifiers, without docstrings and what CITING names."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in CITING:
            skipped.update(map(id, ast.walk(node.value)))
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(t, ast.Name) and "EXAMPLE" in t.id for t in targets) and node.value:
                skipped.update(map(id, ast.walk(node.value)))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Name):
            yield node.id


def test_no_python_names_a_place() -> None:
    names = _names()
    data = {file for pattern in DATA for file in ROOT.glob(pattern)}
    found = []
    for file in sorted((*ROOT.glob("services/**/*.py"), *ROOT.glob("shared/**/*.py"))):
        if file not in data:
            for text in _said(ast.parse(file.read_text(encoding="utf-8"))):
                if hit := names.search(text):
                    found.append(f"{file.relative_to(ROOT)}: {hit[0]}")
    assert found == []


def test_rules_and_statuses_know_no_code_of_a_place() -> None:
    for folder in ("profiles", "status"):
        for file in (SHIPPED.parent / folder).rglob("*.py"):
            if file.name == "schemas.py":  # its examples show one
                continue
            tree = ast.parse(file.read_text(encoding="utf-8"))
            numbers = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
            codes = [n for n in numbers if isinstance(n, int) and n in range(110000, 900000)]
            assert codes == [], file.name
