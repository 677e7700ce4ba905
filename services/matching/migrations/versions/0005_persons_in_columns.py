"""persons hold each facet once, in columns

What a person's document looks like changed, and it opens nowhere but in the service, so it is learnt anew rather than
converted: after this revision the registry sends its entries again (`hutong linkage resend`). Rulings stay, and numbers
of changes go on where they were.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE numbering SET link_seq = held.link_seq, skipped = held.link_seq, review_seq = held.review_seq FROM"
        " (SELECT greatest(link_seq, (SELECT max(link_seq) FROM link_changes)) AS link_seq,"
        " greatest(review_seq, (SELECT max(review_seq) FROM reviews)) AS review_seq FROM numbering) AS held"
    )
    op.execute(
        "TRUNCATE entries, persons, blocking_keys, link_changes, reviews, previews, preview_groups"
    )
    # What is sealed cannot be compressed, and long rows would be tried at every write.
    op.execute("ALTER TABLE persons ALTER COLUMN sealed SET STORAGE EXTERNAL")


def downgrade() -> None:
    raise NotImplementedError(
        "matching learns its links again from the registry; see the docstring"
    )
