"""The one table of limits: every bound that a client can run into, and how long what is done is kept.  README shows it.

Elsewhere stand lengths of single fields (in their schemas, so in the OpenAPI documents), the schedule of deliveries
(``deliveries/retry.py``, ``breaker.py``) and sizes of internal batches, which no client can tell.
"""

MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_SMALL_BODY_BYTES = 256 * 1024
MAX_BULK_KEYS = 80_000
MAX_LISTED_FLAWS = 2000
MAX_IMPORT_BYTES = 1024 * 1024 * 1024
MAX_IMPORT_LINE_BYTES = 64 * 1024
#: An upload from which nothing arrives for so long is ended; a job that stood still for so long has lost its process.
IMPORT_IDLE_SECONDS = 30.0
IMPORT_DEAD_SECONDS = 120
MAX_BULK_ITEMS = 1000
MAX_REFERENCES_READ = 200
#: Children that one search shows; persons that matching shows the registry.
MAX_FOUND_CHILDREN = 20
MAX_FOUND_PERSONS = 50
#: Children gone through for a figure that somebody waits for; larger ones are published, and counted by a worker.
MAX_COUNTED_WHILE_WAITING = 3000
MAX_WORKBOOK_ROWS = 100_000
#: A workbook that is uploaded: its bytes, what they unpack to, and what its sheet holds.
MAX_SHEET_BYTES = 8 * 1024 * 1024
MAX_SHEET_UNPACKED_BYTES = 64 * 1024 * 1024
MAX_SHEET_ROWS = 5_000
MAX_SHEET_COLUMNS = 40
MAX_SHEET_CELL = 1_000
MAX_ROSTER_ROWS = 100_000
DEFAULT_PAGE = 100
MAX_PAGE = 500
CURSOR_LIFE_SECONDS = 24 * 3600
REQUEST_TIMEOUT_SECONDS = 60
RATE_PER_SECOND = 200
RATE_BURST = 400
#: Searches by partial evidence, per client and process: enough for people, too few to try a population out.
SEARCHES_PER_SECOND = 2
SEARCHES_BURST = 120
TOKEN_LIFE_SECONDS = 300
MAX_ASSERTION_SECONDS = 300
#: How far the clock of a client may be off when it signs an assertion.
CLOCK_SKEW_SECONDS = 10
#: Keys of a client that are good at a time: a rotation keeps the one before.
KEYS_OF_A_CLIENT = 2
REVOCATION_POLL_SECONDS = 2
REVOCATION_STALE_SECONDS = 5
LEASE_SECONDS = 30
SUBSCRIPTIONS_OF_A_CLIENT = 20
#: Webhooks under way to one receiver at once.
WEBHOOKS_AT_ONCE = 16
WEBHOOK_TOLERANCE_SECONDS = 300
WEBHOOK_MAX_BYTES = 4096
BREAK_GLASS_SECONDS = 3600

#: Retention of what is done, in days.  No record of a child is among it: see ``erasures/retention.toml``.
IDEMPOTENCY_KEPT_DAYS = 7
IMPORTS_KEPT_DAYS = 90
#: For so long the feed of changes tells each; of older ones the newest of a child in a county stays for good.
CHANGES_KEPT_DAYS = 90
DELIVERIES_KEPT_DAYS = 30
INBOXES_KEPT_DAYS = 90
