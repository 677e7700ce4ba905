"""The queues of notifications, as ``shared/backlog.py`` counts them."""

from shared.backlog import Queues, waiting

QUEUES: Queues = {
    "events": waiting("events", "received_at", "dispatched_at IS NULL", "seq"),
    "deliveries": waiting(
        "deliveries", "due_at", "state = 'pending' AND due_at <= clock_timestamp()"
    ),
    "deliveries_parked": waiting("deliveries", "created_at", "state = 'parked'"),
    "notices_unrouted": waiting(
        "notices", "created_at", "receiver_name IS NULL AND state IN ('issued', 'delivered')"
    ),
    "audit": waiting("audit_entries", "at", "seq IS NULL", "id"),
}
