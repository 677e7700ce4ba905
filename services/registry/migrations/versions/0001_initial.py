"""The first version of the registry's tables, with what the runtime role may do and see."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.registry.migrations import security

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA IF NOT EXISTS vault")
    op.create_table(
        "audit_checkpoints",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("subjects", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("chain", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_entries_seq", "audit_entries", ["seq"], unique=True)
    op.create_index(
        "audit_entries_subjects",
        "audit_entries",
        ["subjects"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "audit_entries_unsequenced",
        "audit_entries",
        ["id"],
        unique=False,
        postgresql_where=sa.text("seq IS NULL"),
    )
    op.create_table(
        "break_glass",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("residence_code", sa.BigInteger(), nullable=True),
        sa.Column("hukou_code", sa.BigInteger(), nullable=True),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("review_note", sa.LargeBinary(), nullable=True),
        sa.Column("review_client", sa.Text(), nullable=True),
        sa.Column("review_actor", sa.Text(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("break_glass_child", "break_glass", ["child_id"], unique=False)
    op.create_index(
        "break_glass_unreviewed",
        "break_glass",
        ["id"],
        unique=False,
        postgresql_where=sa.text("reviewed_at IS NULL"),
    )
    op.create_table(
        "child_lookups",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("hash", "child_id"),
    )
    op.create_index(op.f("ix_child_lookups_child_id"), "child_lookups", ["child_id"], unique=False)
    op.create_table(
        "children",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("child_seq", sa.BigInteger(), nullable=False),
        sa.Column("birth_on", sa.Date(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("residence_code", sa.BigInteger(), nullable=True),
        sa.Column("hukou_code", sa.BigInteger(), nullable=True),
        sa.Column("residence_stated_by", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("hukou_stated_by", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("decision", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("next_change_on", sa.Date(), nullable=True),
        sa.Column("shielded", sa.Boolean(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("folded_on", sa.Date(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("children_hukou", "children", ["hukou_code", "id"], unique=False)
    op.create_index(
        "children_next_change",
        "children",
        ["next_change_on"],
        unique=False,
        postgresql_where=sa.text("next_change_on IS NOT NULL"),
    )
    op.create_index("children_residence", "children", ["residence_code", "id"], unique=False)
    op.create_table(
        "clients",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("purposes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("sources", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("keys", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("basis", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("decisions_anchor", "decisions", ["anchor"], unique=False)
    op.create_index(op.f("ix_decisions_child_id"), "decisions", ["child_id"], unique=False)
    op.create_table(
        "duty_contacts",
        sa.Column("division", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("division"),
    )
    op.create_table(
        "erased_entries",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("erasure_id", sa.Uuid(), nullable=False),
        sa.Column("hold", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "erasure_id"),
    )
    op.create_index(
        op.f("ix_erased_entries_erasure_id"), "erased_entries", ["erasure_id"], unique=False
    )
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("residence_code", sa.BigInteger(), nullable=True),
        sa.Column("hukou_code", sa.BigInteger(), nullable=True),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("hold", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("request_client", sa.Text(), nullable=False),
        sa.Column("request_actor", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approval_client", sa.Text(), nullable=True),
        sa.Column("approval_actor", sa.Text(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "erasures_pending",
        "erasures",
        ["child_id"],
        unique=True,
        postgresql_where=sa.text("state = 'requested'"),
    )
    op.create_table(
        "feed_arrivals",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("county", sa.BigInteger(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("observed_on", sa.Date(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("feed", "source", "county"),
    )
    op.create_table(
        "fold_queue",
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.Column(
            "queued_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("child_id"),
    )
    op.create_index("fold_queue_order", "fold_queue", ["queued_at"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("made", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client", "operation", "key"),
    )
    op.create_table(
        "import_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("superseded", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "heartbeat_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("import_jobs_client", "import_jobs", ["client", "id"], unique=False)
    op.create_table(
        "import_verdicts",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("last_line", sa.BigInteger(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("verdicts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "last_line"),
    )
    op.create_table(
        "key_care",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("residence_code", sa.BigInteger(), nullable=True),
        sa.Column("hukou_code", sa.BigInteger(), nullable=True),
        sa.Column(
            "residence_county",
            sa.BigInteger(),
            sa.Computed("residence_code / 1000000", persisted=True),
            nullable=True,
        ),
        sa.Column(
            "hukou_county",
            sa.BigInteger(),
            sa.Computed("hukou_code / 1000000", persisted=True),
            nullable=True,
        ),
        sa.Column("residence_stated_by", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("hukou_stated_by", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("key_care_child", "key_care", ["child_id"], unique=False)
    op.create_index("key_care_hukou", "key_care", ["hukou_county", "id"], unique=False)
    op.create_index("key_care_residence", "key_care", ["residence_county", "id"], unique=False)
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Uuid(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "links",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("link_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id"),
    )
    op.create_index("links_person", "links", ["person"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("subject_seq", sa.BigInteger(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("outbox_seq", "outbox", ["seq"], unique=True)
    op.create_index(
        "outbox_unsequenced",
        "outbox",
        ["id"],
        unique=False,
        postgresql_where=sa.text("seq IS NULL"),
    )
    op.create_table(
        "records",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("division", sa.BigInteger(), nullable=False),
        sa.Column("observed_on", sa.Date(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("birth_on", sa.Date(), nullable=True),
        sa.Column("residence_code", sa.BigInteger(), nullable=True),
        sa.Column("hukou_code", sa.BigInteger(), nullable=True),
        sa.Column("findings", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("content_mac", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("records_division_feed", "records", ["division", "feed", "id"], unique=False)
    op.create_index(
        "records_entry_version", "records", ["entry_id", "version", "kind"], unique=True
    )
    op.create_table(
        "relay_positions",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("target"),
    )
    op.create_table(
        "resolution_queue",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.Column("bulk", sa.Boolean(), nullable=False),
        sa.Column(
            "queued_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("entry_id"),
    )
    op.create_index(
        "resolution_queue_order", "resolution_queue", ["bulk", "queued_at"], unique=False
    )
    op.create_table(
        "used_assertions",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client", "jti"),
    )
    op.create_table(
        "data_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("master", sa.SmallInteger(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema="vault",
    )
    security.first_version()


def downgrade() -> None:
    raise NotImplementedError("the first version has nothing before it")
