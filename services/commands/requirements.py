"""`hutong requirements`: what the policy texts ask for, and the tests that hold each of it.

A test holds a requirement by its name: ``test_r2_central_districts`` holds R2, ``test_r18_r19_…``
two of them. Nothing is run: the tests are read in the checkout they stand in.
"""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).parents[2]
_LIST = Path(__file__).with_name("requirements.toml")
_NAMED = re.compile(r"test((?:_r[0-9]+)+)_")


@dataclass(frozen=True, slots=True)
class Requirement:
    """`left`: what no test holds yet of a requirement that some tests hold."""

    id: str
    title_en: str
    title_zh: str
    tests: tuple[str, ...]
    left: str

    @property
    def open(self) -> bool:
        """Whether any of it waits."""
        return not self.tests or bool(self.left)


def listed(root: Path) -> tuple[Requirement, ...]:
    """Every requirement in order, with the tests below ``root``/tests; FileNotFoundError if there are none."""
    found: dict[str, list[str]] = {}
    for requirement, test in _tests(root):
        found.setdefault(requirement, []).append(test)
    said = tomllib.loads(_LIST.read_text(encoding="utf-8"))
    if unknown := sorted(found.keys() - said.keys()):
        raise ValueError(f"tests name requirements that are not listed: {', '.join(unknown)}")
    return tuple(
        Requirement(
            id=identity,
            title_en=texts["en"],
            title_zh=texts["zh"],
            tests=tuple(sorted(found.get(identity, ()))),
            left=texts.get("left", ""),
        )
        for identity, texts in said.items()
    )


def _tests(root: Path) -> Iterator[tuple[str, str]]:
    """Requirement and test of every test whose name says one."""
    folder = root / "tests"
    if not folder.is_dir():
        raise FileNotFoundError(folder)
    for file in sorted(folder.rglob("test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if named := _NAMED.match(node.name):
                for number in named[1].split("_r")[1:]:
                    yield f"R{number}", f"{file.relative_to(root).as_posix()}::{node.name}"


def requirements(
    as_json: Annotated[
        bool, typer.Option("--json", help="a list of id, titles, tests, open and left")
    ] = False,
) -> None:
    """List what the policy texts ask for (R1 to R65), the tests that hold each, and what is still open."""
    try:
        found = listed(ROOT)
    except FileNotFoundError:
        typer.echo("no tests are here: run this in a checkout of the repository", err=True)
        raise typer.Exit(1) from None
    if as_json:
        rows = [{**asdict(one), "open": one.open} for one in found]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for one in found:
        count = f"{len(one.tests)} tests" if one.tests else "open"
        left = f"; open: {one.left}" if one.left else ""
        typer.echo(f"{one.id:4} {one.title_en} {one.title_zh}: {count}{left}")
        for test in one.tests:
            typer.echo(f"       {test}")
    waiting = sum(one.open for one in found)
    typer.echo(f"{len(found)} requirements, {waiting} of them open in whole or in part")
