"""Dying with the parent: a child process that does not outlive the one that started it, even by ``kill -9``."""

import ctypes
import os
import signal
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def with_parent(sign: signal.Signals) -> Callable[[], None]:
    """A ``preexec_fn`` for this process's children: the kernel sends them ``sign`` when this process ends."""
    parent = os.getpid()

    def ask() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, sign)
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)

    return ask
