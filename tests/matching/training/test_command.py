"""`hutong linkage train` on a hub's own records: a model's file, a report, and the model registered but not active."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.commands.linkage import linkage
from services.evaluation.corpus import Corpus
from services.matching.linkage import weights
from services.population import corpus
from tests.matching.conftest import Matching

pytest.importorskip("splink", reason="tools/setup training installs Splink")


async def test_a_hub_learns_from_its_own_records(
    matching: Matching, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus.write(tmp_path, children=100, seed=4)
    written = Corpus.open(tmp_path)
    records = {record.entry: record for record in written.read(written.lines())}
    await matching.resolve(
        *((at, 1, record.features) for at, record in enumerate(records.values(), 1))
    )
    monkeypatch.setenv("HUTONG_HOME", str(home))
    monkeypatch.setenv("HUTONG_MATCHING_OWNER_URL", matching.owner_url)
    out, report = tmp_path / "model.toml", tmp_path / "report.html"
    command = ["train", "--out", str(out), "--report", str(report), "--name", "own"]

    done = await asyncio.to_thread(CliRunner().invoke, linkage, command)

    assert done.exit_code == 0, done.output
    model = weights.parse(out.read_bytes())
    assert model.rule_version.startswith("own+")
    assert model.rule_version in report.read_text(encoding="utf-8")
    rows = await matching.rows(
        "SELECT text FROM models WHERE rule_version = $1", model.rule_version
    )
    assert [row["text"] for row in rows] == [out.read_bytes()]
    active = await matching.rows("SELECT rule_version FROM activations ORDER BY activation")
    assert model.rule_version not in [row["rule_version"] for row in active]
