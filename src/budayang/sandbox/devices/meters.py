"""The printers' lifetime counters over a restart of the sandbox: a real printer does not forget how much it printed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from budayang.sandbox.devices.printer import Printer

FILE = "meters.json"


def recall(folder: Path, printers: Iterable[Printer]) -> None:
    """Give each printer the count that it had; without a file, or with a broken one, it begins at nothing."""
    try:
        kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for printer in printers:
        count = kept.get(printer.name) if isinstance(kept, dict) else None
        printer.sheets_printed = count if isinstance(count, int) and count >= 0 else 0


def keep(folder: Path, printers: Iterable[Printer]) -> None:
    """Write the counts at an orderly stop."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{FILE}.draft"
    draft.write_text(json.dumps({one.name: one.sheets_printed for one in printers}), encoding="utf-8")
    draft.replace(folder / FILE)
