"""The center's settings for tests: demonstration data in a folder of their own, SQLite or a PostgreSQL."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

_FOLDER = tempfile.mkdtemp(prefix="budayang-tests-")
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
os.environ |= {
    "BUDAYANG_DATA_DIR": _FOLDER,
    "BUDAYANG_DEMO": "1",
    "BUDAYANG_PUBLIC_URL": "",
    "BUDAYANG_DATABASE_URL": os.environ.get("BUDAYANG_TEST_PG", ""),
}

from budayang.center.config.settings import *  # noqa: E402, F403  # the environment must stand first

# Argon2 costs 50 ms a sign-in by design; tests sign in hundreds of times.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# A database with a connection open cannot be dropped at the end.
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405

if not DATABASES["default"]["ENGINE"].endswith("postgresql"):  # noqa: F405
    # A file, not memory: the terminals' door writes through a connection of its own.
    DATABASES["default"]["TEST"] = {"NAME": f"{_FOLDER}/test.sqlite3"}  # noqa: F405
else:
    # A lock that nobody gives back must turn a test red, not stop the run.
    DATABASES["default"]["OPTIONS"]["options"] += " -c lock_timeout=20s -c idle_in_transaction_session_timeout=20s"  # noqa: F405
