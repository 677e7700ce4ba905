"""Children are rewritten in place: a fold is some three kilobytes and changes often.

A sealed fold stays in its row, beside room for the next one: updates then touch one page and no index.  Nothing sealed can
be compressed, so nobody tries.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE children SET (toast_tuple_target = 8160, fillfactor = 50)")
    for table in ("children", "records"):
        op.execute(f"ALTER TABLE {table} ALTER COLUMN sealed SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.execute("ALTER TABLE children RESET (toast_tuple_target, fillfactor)")
    for table in ("children", "records"):
        op.execute(f"ALTER TABLE {table} ALTER COLUMN sealed SET STORAGE EXTENDED")
