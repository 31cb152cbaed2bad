"""What stands in memory for good is put out of the garbage collector's sight.

Django, all rooms and a fleet of terminals are half a million objects; a full look at them stops every request of the
process for a third of a second, and finds nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_cycles() -> Iterator[None]:
    """While hundreds of thousands of objects are made, none of them in a cycle: the collector would walk them again and
    again as they grow, a third of the whole time.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def settle() -> None:
    """What is in memory now stays until the next call, which looks through it once more."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
