"""Authenticity of former links: each says under a MAC whom an entry was held to speak of, and until when.

What was known on a past day is told from them, and whom an erasure takes along.  The key lies outside the database.
"""

from shared.authenticity import Attested

FORMER_LINKS = Attested(
    kind="former link",
    table="former_links",
    event="former_link.forged",
    columns=("entry_id", "link_seq", "person", "taken_at", "replaced_at"),
    key=("entry_id", "link_seq"),
)
