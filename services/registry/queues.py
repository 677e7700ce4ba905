"""The registry's queues, as ``shared/backlog.py`` counts them."""

from shared.backlog import Queues, waiting

QUEUES: Queues = {
    "resolution": waiting("resolution_queue", "queued_at", order="bulk, queued_at"),
    "fold": waiting("fold_queue", "queued_at", order="queued_at"),
    "fold_parked": waiting("fold_queue", "queued_at", "failures > 0"),
    "reviews": waiting("match_reviews", "opened_at", "closed_at IS NULL", "opened_at, id"),
    "rulings": waiting("rulings", "made_at", "state = 'pending'", "turn"),
    "figures": waiting("figures", "requested_at", "computed_at IS NULL", "attempts, id"),
    # Numbered but not relayed, and not numbered yet.
    "outbox": (
        "WITH relayed AS (SELECT coalesce("
        "  (SELECT seq FROM relay_positions WHERE target = 'notifications'), 0) AS seq)"
        " SELECT (SELECT count(*) FROM (SELECT FROM outbox WHERE seq IS NULL LIMIT $1) AS unnumbered)"
        "  + greatest(coalesce((SELECT max(seq) FROM outbox), 0) - relayed.seq, 0),"
        " coalesce((SELECT occurred_at FROM outbox WHERE seq > relayed.seq ORDER BY seq LIMIT 1),"
        "  (SELECT occurred_at FROM outbox WHERE seq IS NULL ORDER BY id LIMIT 1)) FROM relayed"
    ),
    "audit": waiting("audit_entries", "at", "seq IS NULL", "id"),
}
