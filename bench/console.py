#!/usr/bin/env python3
"""How long the staff's pages take: 总览, wall, fleet list and terminal page of a city with a month of history.

    python bench/console.py [--terminals 5000,100000] [--databases sqlite,postgresql] [--days 30] [--rounds 30]

Each page is asked for by Django's test client with a signed-in session: the whole stack of the center (middleware,
scope, queries, template) without the network, one request at a time, in one process. Printed: number of queries, p50
and p95 in ms with the limit of 200 ms beside it, and in the same run the bare limit, reading 50 rows by their key.
The city is `bench/city.py`, the same rows on both databases.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from postgresql import cluster

HERE = Path(__file__).resolve().parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--terminals", default="5000,100000")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=30)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    for count in (int(one) for one in args.terminals.split(",")):
        for database in args.databases.split(","):
            with ExitStack() as stack:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="budayang-console-"))
                url = stack.enter_context(cluster(durable=True)) if database == "postgresql" else ""
                environ = {
                    **os.environ, "BUDAYANG_DATA_DIR": folder, "BUDAYANG_DATABASE_URL": url, "BUDAYANG_DEMO": "1",
                    "BUDAYANG_PUBLIC_URL": "",
                }  # fmt: skip
                began = time.monotonic()
                build = [sys.executable, str(HERE / "city.py"), str(count), str(args.days)]
                subprocess.run(build, env=environ, check=True)
                print(f"# {database}, {count:,} terminals, {args.days} days; built in {time.monotonic() - began:.0f} s")
                ask = [sys.executable, str(HERE / "console_center.py"), str(args.rounds)]
                subprocess.run(ask, env=environ, check=True)


if __name__ == "__main__":
    main()
