"""`budayang standard terms FILE…`: finds second words for the things that chapter 3 defines, in any text file."""

from __future__ import annotations

import argparse
from pathlib import Path

from budayang.cli.messages import Stop, say
from budayang.data.standard_text import terms
from budayang.rules.standard.wordings import second_words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="文字文件 / text files")


def run(arguments: argparse.Namespace) -> int:
    """0 when each thing has one word, 1 when a second word was found."""
    found = 0
    for path in arguments.files:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Stop(
                f"读不了 {path.name}：须是 UTF-8 的文字文件。", f"{path.name} is no UTF-8 text.", code=2
            ) from error
        for one in second_words(text, terms()):
            found += 1
            print(f"{path.name}:{one.line}:{one.column}  {one.word} → {one.term}")
    say(f"找到 {found} 处", f"{found} found")
    return 1 if found else 0
