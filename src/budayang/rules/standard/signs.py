"""Chapter 6 (标志标识): its clauses, which `rules.signs` answers from plans, plates, rounds, notices and texts."""

from __future__ import annotations

SIGNS_CLAUSES: tuple[str, ...] = tuple(f"BS-{number:02}" for number in range(1, 25))
SIGN_METRIC = "符合要求的处数占应有处数的比例"
