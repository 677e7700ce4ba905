"""The report of a training: one HTML file that loads nothing and names nobody."""

from collections.abc import Iterator
from html import escape
from math import log2

from services.matching.linkage.comparison import COMPARISONS, LEVELS
from services.matching.training.learning import SEEN, Trained
from services.matching.training.vectors import TRAINING_RULES

_STYLE = """
body { font: 15px/1.5 system-ui, "Noto Sans CJK SC", sans-serif; margin: 2rem auto; max-width: 62rem; color: #1c2b36; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 2rem; }
th, td { padding: .2rem .6rem; text-align: right; border-bottom: 1px solid #dde3e8; }
th:first-child, td:first-child, .word { text-align: left; }
tr.first td { border-top: 2px solid #9aa7b1; }
svg text { font-size: 12px; fill: #1c2b36; }
.for { fill: #2f7d5b; } .against { fill: #b5473c; }
"""
_CLASS = {True: "for", False: "against"}
_ROW, _LABEL, _MIDDLE, _SCALE, _WIDTH = 18, 210, 430, 9.0, 720


def report(trained: Trained) -> str:
    """The whole page."""
    model = trained.model
    parts = [
        f"<h1>Linkage model 比对模型 {escape(model.rule_version)}</h1>",
        (
            f"<p>Learnt from {trained.entries:,} entries: u from {len(trained.chance):,} chance pairs,"
            f" m from {len(trained.blocked):,} blocked pairs. A match weighs {model.prior:.2f} bits before"
            f" anything is compared; {model.certain:g} bits link, {model.possible:g} ask a person."
            f" Splink's weights and ours differ by {trained.disparity:.1e} bits at most.</p>"
        ),
        "<h2>Match weights 权重</h2>",
        _chart(trained),
        "<h2>Comparison levels 比对级别</h2>",
        _table(
            ("comparison", "level", "m", "u", "bits", "chance pairs", "blocked pairs"),
            _levels(trained),
            words=2,
        ),
        "<h2>EM sessions</h2>",
        _table(
            ("blocking rule", "left out", "pairs", "matches among them"),
            (
                (s.rule, ", ".join(TRAINING_RULES[s.rule]), f"{s.pairs:,}", f"{s.matches:.2%}")
                for s in trained.sessions
            ),
            words=2,
        ),
        "<h2>Blocking 分块</h2>",
        _table(
            ("rule", "shared keys", "pairs", "largest block", f"blocks over {model.key_cap}"),
            (
                (c.rule, f"{c.keys:,}", f"{c.pairs:,}", f"{c.largest:,}", f"{c.over_cap:,}")
                for c in trained.blocking
            ),
        ),
        (
            f"<p>Names seen {SEEN} times or more: {len(trained.names):,}; the commonest is borne by"
            f" {max(trained.names.values(), default=0):.3%} of entries.</p>"
        ),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(model.rule_version)}</title><style>{_STYLE}</style></head><body>"
        + "\n".join(parts)
        + "</body></html>\n"
    )


def _rows(trained: Trained) -> Iterator[tuple[str, str, float, float]]:
    for comparison in COMPARISONS:
        for level in LEVELS[comparison]:
            told = trained.raw["comparisons"][comparison][level]
            yield comparison, level, told["m"], told["u"]


def _levels(trained: Trained) -> Iterator[tuple[str, ...]]:
    chance = {name: trained.chance.counts(name) for name in COMPARISONS}
    blocked = {name: trained.blocked.counts(name) for name in COMPARISONS}
    for comparison, level, m, u in _rows(trained):
        at = LEVELS[comparison].index(level)
        yield (
            comparison,
            level,
            f"{m:.4g}",
            f"{u:.3g}",
            f"{log2(m / u):+.2f}",
            f"{chance[comparison][at]:,}",
            f"{blocked[comparison][at]:,}",
        )


def _chart(trained: Trained) -> str:
    drawn: list[str] = []
    y = 0
    for comparison, level, m, u in _rows(trained):
        first = level == LEVELS[comparison][0]
        y += _ROW + (8 if first else 0)
        bits = log2(m / u)
        width = abs(bits) * _SCALE
        x = _MIDDLE if bits > 0 else _MIDDLE - width
        said = _MIDDLE + width + 4 if bits > 0 else _MIDDLE + 4
        if first:
            drawn.append(f'<text x="0" y="{y}" font-weight="bold">{escape(comparison)}</text>')
        drawn.append(f'<text x="{_LABEL}" y="{y}" text-anchor="end">{escape(level)}</text>')
        drawn.append(
            f'<rect x="{x:.1f}" y="{y - 11}" width="{width:.1f}" height="13"'
            f' class="{_CLASS[bits > 0]}"/>'
            f'<text x="{said:.1f}" y="{y}">{bits:+.1f}</text>'
        )
    axis = f'<line x1="{_MIDDLE}" x2="{_MIDDLE}" y1="4" y2="{y + 6}" stroke="#9aa7b1"/>'
    return (
        f'<svg role="img" aria-label="Match weights in bits" width="{_WIDTH}" height="{y + 10}">'
        + axis
        + "".join(drawn)
        + "</svg>"
    )


def _table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]], words: int = 1) -> str:
    word = ' class="word"'

    def cells(tag: str, row: tuple[str, ...]) -> str:
        return "".join(
            f"<{tag}{word if at < words else ''}>{escape(cell)}</{tag}>"
            for at, cell in enumerate(row)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<table><tr>{cells('th', heads)}</tr>{body}</table>"
