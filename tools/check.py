"""What `./test` runs: lint, types, walls, tests on SQLite and PostgreSQL, pages in Chromium. One table of steps.

Arguments: names of steps (default: all), then pytest's own after `--`. What is missing here is said with its repair and
skipped; with CI=true it is an error.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from postgresql import NoPostgresql, cluster

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"
PYTEST = ("python", "-m", "pytest", "--durations=15")  # what is slow is said at each run
CI = os.environ.get("CI") == "true"


class Missing(Exception):
    """A step cannot run on this machine. The message names the repair."""


@contextlib.contextmanager
def _nothing() -> Iterator[dict[str, str]]:
    yield {}


@contextlib.contextmanager
def _postgresql() -> Iterator[dict[str, str]]:
    if os.environ.get("BUDAYANG_TEST_PG"):
        yield {}
        return
    try:
        with cluster() as address:
            yield {"BUDAYANG_TEST_PG": address}
    except NoPostgresql as error:
        raise Missing(f"PostgreSQL: {error}") from error


@contextlib.contextmanager
def _chromium() -> Iterator[dict[str, str]]:
    if not (shutil.which("chromium") or shutil.which("chromium-browser")):
        raise Missing("Chromium: apt-get install chromium fonts-noto-cjk fonts-noto-core")
    yield {}


@dataclass(frozen=True, slots=True)
class Step:
    """One check: a command in the environment that `surroundings` makes."""

    name: str
    title: str
    command: tuple[str, ...]
    surroundings: Callable[[], contextlib.AbstractContextManager[dict[str, str]]] = _nothing
    is_pytest: bool = False


def _tests(name: str, title: str, *arguments: str, surroundings: Callable[..., object] = _nothing) -> Step:
    command = (*PYTEST, "-n", "2", "--dist", "worksteal", *arguments)
    return Step(name, title, command, surroundings, is_pytest=True)  # type: ignore[arg-type]


STEPS: tuple[Step, ...] = (
    Step("lint", "代码风格 ruff", ("ruff", "check", ".")),
    Step("format", "代码排版 ruff format", ("ruff", "format", "--check", ".")),
    Step("templates", "页面模板 djlint", ("djlint", "--lint", "--quiet", "src/budayang/center")),
    Step("walls", "引用方向 import-linter", ("lint-imports",)),
    Step("types", "类型 mypy --strict", ("python", "-m", "mypy")),
    _tests("sqlite", "测试（SQLite）", "-m", "not browser and not processes"),
    _tests(
        "postgresql",
        "测试（PostgreSQL）",
        "-m",
        "not browser and not processes",
        "tests/center",
        surroundings=_postgresql,
    ),
    # Real processes mostly wait for one another, and a page keeps one core busy: two houses stand at once, each on
    # ports of its own (tests/stories/house.py).
    _tests("processes", "真实进程", "-m", "processes and not browser"),
    _tests("browser", "真实浏览器 Chromium", "-m", "browser", surroundings=_chromium),
)


def run(step: Step, more: list[str]) -> str:
    """Run one step; returns "ok", "failed" or "missing"."""
    began = time.monotonic()
    print(f"\n=== {step.name}: {step.title}", flush=True)
    command = [str(BIN / step.command[0]), *step.command[1:], *(more if step.is_pytest else [])]
    try:
        with step.surroundings() as extra:
            environment = os.environ | extra | {"PATH": f"{BIN}:{os.environ['PATH']}"}
            code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    except Missing as error:
        print(f"--- {step.name}: 这里没有 / not here: {error}", flush=True)
        return "missing"
    verdict = "ok" if code == 0 else "failed"
    print(f"--- {step.name}: {verdict}, {time.monotonic() - began:.0f} s", flush=True)
    return verdict


def main(arguments: list[str]) -> int:
    """0 when everything that can run here passed, and in CI nothing was missing."""
    names, more = (arguments, [])
    if "--" in arguments:
        cut = arguments.index("--")
        names, more = arguments[:cut], arguments[cut + 1 :]
    unknown = set(names) - {step.name for step in STEPS}
    if unknown:
        print(f"没有这个步骤 / unknown step: {', '.join(sorted(unknown))}; {', '.join(step.name for step in STEPS)}")
        return 2
    began = time.monotonic()
    results = {step.name: run(step, more) for step in STEPS if not names or step.name in names}
    print("\n=== 结果 / results")
    for name, verdict in results.items():
        print(f"{name:<12}{verdict}")
    print(f"共 {time.monotonic() - began:.0f} 秒 / seconds in all")
    bad = {"failed", "missing"} if CI else {"failed"}
    return 1 if bad & set(results.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
