"""How much memory a server's pages may take: what of a registry is looked up at random should not be read twice."""

import os
from pathlib import Path

_MIB = 1 << 20
_SHARE = 4
_LEAST, _MOST = 128 * _MIB, 8192 * _MIB
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def shared_buffers() -> str:
    """A quarter of the memory that there is, as PostgreSQL's manual advises (19.4.1); what is not used is not taken."""
    size = min(max(_LEAST, memory() // _SHARE), _MOST)
    return f"{size // _MIB}MB"


def memory() -> int:
    """Bytes that the machine has, or that its container may use."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in map(Path, _LIMITS):
        try:
            found = min(found, int(limit.read_text()))
        except (OSError, ValueError):  # no such limit, or "max"
            continue
    return found
