"""Children's changes as a feed; rosters, their rows and readings; assessments and placements."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.registry.migrations import security

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _changes()
    _rosters()
    _guardianship()


def downgrade() -> None:
    for table in ("placement_acts", "placements", "assessments"):
        op.drop_table(table)
    for table in ("roster_readings", "roster_rows", "rosters"):
        op.drop_table(table)
    for table in ("change_positions", "child_changes"):
        op.drop_table(table)


def _changes() -> None:
    op.create_table(
        "change_positions",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client"),
    )
    op.create_table(
        "child_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stated_before", postgresql.ARRAY(sa.Text())),
        sa.Column("stated_now", postgresql.ARRAY(sa.Text())),
        sa.Column("position", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", "county"),
    )
    op.create_index("child_changes_county", "child_changes", ["county", "position"])
    op.create_index("child_changes_position", "child_changes", ["position"])
    op.create_index(
        "child_changes_unnumbered",
        "child_changes",
        ["id"],
        postgresql_where=sa.text("position IS NULL"),
    )
    security.changes()


def _rosters() -> None:
    op.create_table(
        "rosters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("addressee", sa.Text(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "roster_rows",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("roster_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("child_seq", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True)),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("differing", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("roster_rows_roster", "roster_rows", ["roster_id", "number"], unique=True)
    op.create_index("roster_rows_anchor", "roster_rows", ["anchor"])
    op.create_index(op.f("ix_roster_rows_child_id"), "roster_rows", ["child_id"])
    op.create_table(
        "roster_readings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("roster_id", sa.Uuid(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True)),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_roster_readings_roster_id"), "roster_readings", ["roster_id"])
    security.rosters()


def _guardianship() -> None:
    op.create_table(
        "assessments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("case_id", sa.Uuid()),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("assessments_anchor", "assessments", ["anchor"])
    op.create_index(op.f("ix_assessments_child_id"), "assessments", ["child_id"])
    op.create_table(
        "placements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("performer", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("placements_anchor", "placements", ["anchor"])
    op.create_index("placements_place", "placements", ["place", "id"])
    op.create_index(op.f("ix_placements_child_id"), "placements", ["child_id"])
    op.create_table(
        "placement_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "placement_acts_placement", "placement_acts", ["placement_id", "number"], unique=True
    )
    security.guardianship()
