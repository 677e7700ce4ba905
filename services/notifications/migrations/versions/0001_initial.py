"""The first version of the notifications tables, with what the runtime role may do and see."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.notifications.migrations import security

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA IF NOT EXISTS vault")
    op.create_table(
        "announcements",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("county", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lane_subject", sa.Uuid(), nullable=False),
        sa.Column("child", sa.Uuid(), nullable=True),
        sa.Column("client", sa.Text(), nullable=True),
        sa.Column("notice", sa.Uuid(), nullable=True),
        sa.Column("sole", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("position", "county"),
    )
    op.create_index("announcements_county", "announcements", ["county", "position"], unique=False)
    op.create_index(
        "announcements_notice",
        "announcements",
        ["notice"],
        unique=False,
        postgresql_where=sa.text("notice IS NOT NULL"),
    )
    op.create_index(
        "announcements_subject", "announcements", ["lane_subject", "position"], unique=False
    )
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
        "authorities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("client", sa.Text(), nullable=True),
        sa.Column("peer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("low", "high", name="authorities_area"),
    )
    op.create_table(
        "cases",
        sa.Column("child", sa.Uuid(), nullable=False),
        sa.Column("residence", sa.BigInteger(), nullable=True),
        sa.Column("hukou", sa.BigInteger(), nullable=True),
        sa.Column("shielded", sa.Boolean(), nullable=False),
        sa.Column("subject_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("child"),
    )
    op.create_index("cases_hukou", "cases", ["hukou"], unique=False)
    op.create_index("cases_residence", "cases", ["residence"], unique=False)
    op.create_table(
        "events",
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("subject_seq", sa.BigInteger(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("sender", "id"),
    )
    op.create_index("events_seq", "events", ["sender", "seq"], unique=False)
    op.create_index(
        "events_waiting",
        "events",
        ["seq"],
        unique=False,
        postgresql_where=sa.text("dispatched_at IS NULL"),
    )
    op.create_table(
        "feed_positions",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client"),
    )
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
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("toward", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("child", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("origin_county", sa.BigInteger(), nullable=False),
        sa.Column("target_county", sa.BigInteger(), nullable=False),
        sa.Column("receiver_client", sa.Text(), nullable=True),
        sa.Column("receiver_name", sa.Text(), nullable=True),
        sa.Column("unwanted", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("peer", sa.Text(), nullable=True),
        sa.Column("remote_id", sa.Uuid(), nullable=True),
        sa.Column("untold", sa.Boolean(), nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.Column("unfounded", sa.Boolean(), nullable=False),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("replaced_by", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("hukou_division", sa.BigInteger(), nullable=True),
        sa.Column("pushed", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entry", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("notices_child", "notices", ["child", "id"], unique=False)
    op.create_index("notices_origin", "notices", ["origin_county", "id"], unique=False)
    op.create_index(
        "notices_remote",
        "notices",
        ["peer", "remote_id"],
        unique=True,
        postgresql_where=sa.text("remote_id IS NOT NULL"),
    )
    op.create_index(
        "notices_rerouting",
        "notices",
        ["id"],
        unique=False,
        postgresql_where=sa.text(
            "outcome = 'not_ours' AND replaced_by IS NULL AND direction <> 'incoming'"
        ),
    )
    op.create_index("notices_target", "notices", ["target_county", "id"], unique=False)
    op.create_index(
        "notices_unfetched",
        "notices",
        ["id"],
        unique=False,
        postgresql_where=sa.text("facts = 'waiting'"),
    )
    op.create_index(
        "notices_unpushed",
        "notices",
        ["id"],
        unique=False,
        postgresql_where=sa.text("pushed = 'waiting'"),
    )
    op.create_index(
        "notices_unrouted",
        "notices",
        ["target_county"],
        unique=False,
        postgresql_where=sa.text("receiver_name IS NULL AND state IN ('issued', 'delivered')"),
    )
    op.create_index(
        "notices_untold", "notices", ["id"], unique=False, postgresql_where=sa.text("untold")
    )
    op.create_table(
        "peer_inbox",
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sender", "id"),
    )
    op.create_table(
        "receivers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_because", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("receivers_client", "receivers", ["client", "id"], unique=False)
    op.create_table(
        "data_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("master", sa.SmallInteger(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema="vault",
    )
    op.create_table(
        "lanes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receiver", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["receiver"], ["receivers.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("receiver", "subject", name="lanes_subject"),
    )
    op.create_table(
        "peers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("notifications_url", sa.Text(), nullable=False),
        sa.Column("registry_url", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["receiver"],
            ["receivers.id"],
        ),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receiver", sa.Uuid(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["receiver"], ["receivers.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_signing_keys_receiver"), "signing_keys", ["receiver"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receiver", sa.Uuid(), nullable=False),
        sa.Column("client", sa.Text(), nullable=True),
        sa.Column("lane", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("notice", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["lane"], ["lanes.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["receiver"], ["receivers.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "deliveries_due",
        "deliveries",
        ["receiver", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "deliveries_lane",
        "deliveries",
        ["lane", "number"],
        unique=False,
        postgresql_where=sa.text("state IN ('pending', 'parked')"),
    )
    op.create_index(
        "deliveries_notice",
        "deliveries",
        ["notice"],
        unique=False,
        postgresql_where=sa.text("notice IS NOT NULL"),
    )
    op.create_table(
        "attempts",
        sa.Column("delivery", sa.Uuid(), nullable=False),
        sa.Column("fence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("delivery", "fence"),
    )
    security.first_version()


def downgrade() -> None:
    raise NotImplementedError("the first version has nothing before it")
