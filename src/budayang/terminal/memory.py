"""What glibc does with memory that is free: the machines have little, and elsewhere nothing changes."""

from __future__ import annotations

import ctypes

# Of malloc.h; the values are glibc's.
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8


def stay_small() -> None:
    """One heap for all threads, and blocks of 64 KiB that go back to the system when they are freed: a heap a thread
    would keep what it once held.
    """
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        tune(_M_ARENA_MAX, 1)
        tune(_M_MMAP_THRESHOLD, 1 << 16)
