"""A print job as IPP tells of it. Apart from the driver, so that a terminal without a printer loads no IPP library."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class JobState(IntEnum):
    """RFC 8011, 5.3.7."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9


ENDED = frozenset({JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED})


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the printer tells it."""

    id: int
    name: str
    state: JobState
    reasons: tuple[str, ...] = ()
    sheets: int = 0
    """Sheets that came out, as far as the printer says (RFC 8011, 5.3.18)."""
