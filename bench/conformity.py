#!/usr/bin/env python3
"""How long the conformity of a month takes: areas × every clause of the edition, from the rows of the rooms.

    python bench/conformity.py [--areas 250,1000] [--per-area 4] [--databases sqlite]

Each size is a fresh database: areas with terminals, a month of states, faults, orders, closed days and daily rounds
with
their answers. Then the month is computed as the worker computes it (`standard.actions`), in as many processes as there
are
cores, each with its share of the areas; printed are seconds, areas a second, and the limit of 60 s for 1,000 areas,
scaled
to the size. Then a night: news marks one area in twenty, and the due loop computes what is marked; its limit is a tenth
of the whole month's time. In the same run stands the bare limit: writing the same number of verdicts and nothing else.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from postgresql import cluster

HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--areas", default="250,1000")
    parser.add_argument("--per-area", type=int, default=4)
    parser.add_argument("--databases", default="sqlite")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    args = parser.parse_args()
    for database in args.databases.split(","):
        for areas in args.areas.split(","):
            with ExitStack() as stack:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="budayang-conformity-"))
                url = stack.enter_context(cluster(durable=True)) if database == "postgresql" else ""
                environ = {
                    **os.environ, "BUDAYANG_DATA_DIR": folder, "BUDAYANG_DATABASE_URL": url, "BUDAYANG_DEMO": "1",
                    "BUDAYANG_PUBLIC_URL": "", "DJANGO_SETTINGS_MODULE": "budayang.center.config.settings",
                }  # fmt: skip
                print(f"# {database}, {areas} areas, {args.per_area} terminals each", flush=True)
                center = [sys.executable, str(HERE / "conformity_center.py")]
                subprocess.run([*center, "build", areas, str(args.per_area)], env=environ, check=True)
                subprocess.run([*center, "measure", areas, str(args.processes)], env=environ, check=True)


if __name__ == "__main__":
    main()
