"""Docs are run: every command that they show exists with its options, every link and picture leads somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from budayang.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("README*.md"), *ROOT.glob("docs/**/*.md")])
FENCED = re.compile(r"```[a-z]*\n(.*?)```", re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#]+?)(?:#[^)]*)?\)")


def commands() -> list[tuple[str, list[str]]]:
    """(page, words) of each command line in a fenced block that calls one of our programs."""
    found = []
    for page in PAGES:
        for block in FENCED.findall(page.read_text()):
            for line in block.splitlines():
                for part in re.split(r"\s+&&?\s+|\s+&$", line.split("  #")[0].strip()):
                    words = shlex.split(part, comments=True) if part else []
                    while words and re.match(r"^(export|[A-Z_]+=.*)$", words[0]):
                        words.pop(0)
                    if words and words[0].removeprefix(".venv/bin/") in {"budayang", "./run", "./test"}:
                        found.append((str(page.relative_to(ROOT)), words))
    return found


@cache
def help_of(name: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "budayang.cli.main", *name.split(), "--help"],
        env={"BUDAYANG_DEMO": "1", "BUDAYANG_DATA_DIR": str(Path("/tmp") / "budayang-docs"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_docs_show_commands() -> None:
    assert len(commands()) >= 6


@pytest.mark.parametrize(
    ("page", "words"), commands(), ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
def test_a_shown_command_exists_with_its_options(page: str, words: list[str]) -> None:
    if words[0] in {"./run", "./test"}:
        assert (ROOT / words[0]).stat().st_mode & 0o100
        return
    named = [row for row in COMMANDS if tuple(words[1 : 1 + len(row.words)]) == row.words]
    assert named, f"{page}: no such command"
    command = max(named, key=lambda row: len(row.words))
    help_ = help_of(command.name)
    for word in words[1 + len(command.words) :]:
        if word.startswith("--"):
            assert re.search(rf"(?<!\S){re.escape(word)}\b", help_), f"{page}: {word} is no option of {command.name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    broken = [
        target
        for target in LINK.findall(page.read_text())
        if "://" not in target and not (page.parent / target.strip()).exists()
    ]
    assert not broken


def test_both_readmes_name_the_two_commands() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text()
        assert "./run" in text
        assert "./test" in text
