"""The item search beside matching by pairs of characters and beside SQLite's full-text index, on the same questions.

python bench/search.py [--questions tests/search/questions/final.csv ...]

All three know the same texts: the catalogue's names and everything that people call the items. Prints what each finds
and how long it takes; the shipped index is read back first, as a terminal does. One thread, one question at a time.
"""

from __future__ import annotations

import argparse
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from budayang.cli.search import shipped_index
from budayang.search import Index
from budayang.search.evaluating import AMONG, Case, read_cases
from budayang.search.plain import plain

QUESTIONS = Path(__file__).resolve().parents[1] / "tests" / "search" / "questions"
Find = Callable[[str], list[str]]
Texts = list[tuple[str, str]]


def words_of(text: str) -> list[str]:
    """Its characters and pairs of characters, each once."""
    return list(dict.fromkeys([*text, *(text[at : at + 2] for at in range(len(text) - 1))]))


def pairs(texts: Texts) -> Find:
    """Plain matching: the share of characters and pairs of characters in common (Dice), best text of an item."""
    where: dict[str, list[int]] = {}
    sizes = []
    for number, (_code, text) in enumerate(texts):
        own = words_of(text)
        sizes.append(len(own))
        for word in own:
            where.setdefault(word, []).append(number)

    def find(query: str) -> list[str]:
        asked = words_of(plain(query))
        both = Counter(number for word in asked for number in where.get(word, ()))
        best: dict[str, float] = {}
        for number, count in both.items():
            code = texts[number][0]
            best[code] = max(best.get(code, 0.0), 2 * count / (len(asked) + sizes[number]))
        return sorted(best, key=lambda code: -best[code])[:AMONG]

    return find


def full_text(texts: Texts) -> Find:
    """SQLite FTS5: each character and each pair a word, ranked by BM25, any of the question's words."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE said USING fts5(code UNINDEXED, words)")

    database.executemany("INSERT INTO said VALUES (?, ?)", [(code, " ".join(words_of(text))) for code, text in texts])

    def find(query: str) -> list[str]:
        asked = " OR ".join(f'"{word}"' for word in words_of(plain(query)))
        if not asked:
            return []
        rows = database.execute(
            "SELECT code FROM said WHERE said MATCH ? ORDER BY rank LIMIT 200", (f"words:({asked})",)
        )
        return list(dict.fromkeys(code for (code,) in rows))[:AMONG]

    return find


def measure(name: str, find: Find, cases: list[Case]) -> None:
    took, first, among = [], 0, 0
    inside = [case for case in cases if not case.outside]
    nothing = sum(1 for case in cases if case.outside and not find(case.query))
    for case in inside:
        begun = perf_counter()
        found = find(case.query)
        took.append((perf_counter() - begun) * 1000)
        first += bool(set(found[:1]) & set(case.right))
        among += bool(set(found) & set(case.right))
    outside = len(cases) - len(inside)
    p95 = sorted(took)[int(len(took) * 0.95)]
    print(
        f"{name:<34} {first / len(inside):>6.1%} {among / len(inside):>6.1%} {nothing / max(outside, 1):>8.1%}"
        f" {median(took):>8.2f} {p95:>8.2f}"
    )


def memory_of(shipped: str) -> float:
    """What the index and its tables add to a fresh process, as a terminal makes them: MiB of resident memory."""
    program = """if True:
        import sys
        import psutil
        from budayang.search import Index
        text, mine = sys.stdin.read(), psutil.Process()
        before = mine.memory_info().rss
        index = Index.from_json(text)
        index.prepare()
        index.find("身份证丢了")
        print((mine.memory_info().rss - before) / 2**20)
    """
    done = subprocess.run([sys.executable, "-c", program], input=shipped, capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=Path, nargs="+", default=sorted(QUESTIONS.glob("*.csv")))
    given = parser.parse_args()
    begun = perf_counter()
    shipped = shipped_index().to_json()
    built = perf_counter()
    index = Index.from_json(shipped)
    index.prepare()
    ready = perf_counter()
    print(f"built in {built - begun:.2f} s, {len(shipped.encode()):,} bytes shipped, ready in {ready - built:.2f} s")
    print(f"{memory_of(shipped):.1f} MiB in a process of its own")
    names = [(entry.item_code, plain(entry.name)) for entry in index.entries]
    said = [(entry.item_code, text) for entry in index.entries for text, _kind in entry.sayings]
    rivals: list[tuple[str, Find]] = [
        ("budayang", lambda query: [hit.item_code for hit in index.find(query, AMONG)]),
        ("pairs of characters, names", pairs(names)),
        ("pairs of characters, all sayings", pairs(said)),
        ("SQLite FTS5, names", full_text(names)),
        ("SQLite FTS5, all sayings", full_text(said)),
    ]
    for path in given.questions:
        cases = read_cases(path)
        print(f"\n{path.name}: {len(cases)} questions")
        print(f"{'':<34} {'top 1':>6} {'top 5':>6} {'nothing':>8} {'p50 ms':>8} {'p95 ms':>8}")
        for name, find in rivals:
            measure(name, find, cases)


if __name__ == "__main__":
    main()
