"""How well the search answers questions whose item is known. The counts do not depend on the machine.

`development.csv` is what the weights were set on. `check.csv` was written before the sayings, its misses read.
`final.csv` was written before the sayings too and asked for its figures only. `stories.csv` are long and roundabout,
`slips.csv` short and wrong, with questions outside that share a noun with an item. `street.csv`, `market.csv`,
`steppe.csv`, `hard.csv`, `last.csv`, `one.csv` and `two.csv` were each written from the items' names and kept unasked
while the lists before them were used; their misses were read afterwards (docs/mechanisms/search.md). The misses of
`three.csv` have never been read, and are not to be: it stays what the others were once.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from budayang.cli.main import main
from budayang.cli.search import shipped_index
from budayang.data import service_items
from budayang.search import Index
from budayang.search.evaluating import Case, figures, read_cases, report, run_cases

QUESTIONS = Path(__file__).parent / "questions"
INDEX = Index.from_json(shipped_index().to_json())
# set: least top1, top5, out_of_scope_found, most false_refusals
SETS = {
    "development": (0.96, 0.98, 0.95, 0.02),
    "check": (0.95, 0.97, 0.95, 0.02),
    "final": (0.96, 0.98, 0.95, 0.02),
    "stories": (0.92, 0.96, 0.92, 0.02),
    "slips": (0.94, 0.96, 0.94, 0.03),
    "street": (0.96, 0.98, 0.93, 0.01),
    "market": (0.95, 0.98, 0.93, 0.01),
    "steppe": (0.95, 0.97, 0.93, 0.02),
    "hard": (0.93, 0.97, 0.84, 0.02),
    "last": (0.94, 0.96, 0.84, 0.03),
    "one": (0.96, 0.98, 0.95, 0.01),
    "two": (0.96, 0.98, 0.93, 0.01),
    "three": (0.94, 0.97, 0.86, 0.01),
}
NOT_EVERY_ITEM = ("slips", "last")


@pytest.mark.parametrize("name", SETS)
def test_the_questions_find_what_they_mean(name: str) -> None:
    top1, top5, outside, refusals = SETS[name]
    also = QUESTIONS / f"{name}_alternatives.csv"
    cases = read_cases(QUESTIONS / f"{name}.csv", also if also.exists() else None)
    found = figures(run_cases(INDEX, cases))
    shares = {key: value for key, value in found.items() if key != "median_ms"}
    assert (found["top1"] or 0) >= top1, shares
    assert (found["top5"] or 0) >= top5, shares
    assert (found["out_of_scope_found"] or 0) >= outside, shares
    assert (found["false_refusals"] or 0) <= refusals, shares


@pytest.mark.parametrize("name", [one for one in SETS if one not in NOT_EVERY_ITEM])
def test_the_questions_cover_every_item(name: str) -> None:
    cases = read_cases(QUESTIONS / f"{name}.csv")
    assert {item.code for item in service_items()} == {case.right[0] for case in cases} - {"NONE"}
    assert len({case.query for case in cases}) == len(cases)


def test_the_sets_share_few_questions_with_the_sayings() -> None:
    """What was written down as a saying proves nothing when it is asked."""
    said = {text for entry in INDEX.entries for text, _kind in entry.sayings}
    for name in ("check", "final", "street", "market", "steppe", "hard", "last", "one", "two", "three"):
        cases = [case for case in read_cases(QUESTIONS / f"{name}.csv") if not case.outside]
        assert sum(case.query in said for case in cases) / len(cases) < 0.15, name


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_alternatives_widen_what_is_right(tmp_path: Path) -> None:
    questions = write(
        tmp_path / "q.csv", "query,item,type\n社保证明,ZZ002,common\n买火车票,NONE,outside\n讲个笑话,NONE,\n"
    )
    other = write(tmp_path / "a.csv", "query,also_acceptable\n社保证明,ZZ003、ZZ004\n社保证明,ZZ001;ZZ031\n")
    plain, wide = read_cases(questions), read_cases(questions, other)
    assert plain[0] == Case("社保证明", ("ZZ002",), "common")
    assert wide[0].right == ("ZZ002", "ZZ003", "ZZ004", "ZZ001", "ZZ031")
    assert figures(run_cases(INDEX, plain))["top1"] == 0.0
    assert figures(run_cases(INDEX, wide))["top1"] == 1.0


def test_the_report_has_every_key_overall_and_by_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    questions = write(
        tmp_path / "q.csv",
        "query,item,type\n社保证明,ZZ001,common\n交水费,ZZ163,common\n骑骆驼,ZZ001,odd\n天气,NONE,outside\n",
    )
    assert main(["search-eval", str(questions), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    keys = {"top1", "top5", "mrr", "out_of_scope_found", "false_refusals", "median_ms"}
    assert keys <= set(told)
    assert keys <= set(told["overall"])
    assert {sort: keys <= set(row) for sort, row in told["by_type"].items()} == dict.fromkeys(
        ("common", "odd", "outside"), True
    )
    assert told["out_of_scope_found"] == 1.0
    assert told["by_type"]["odd"]["false_refusals"] == 1.0
    assert told["by_type"]["outside"]["top1"] is None
    assert told["false_refusals"] == pytest.approx(1 / 3, abs=1e-4)
    assert told == report(run_cases(INDEX, read_cases(questions))) | {
        key: told[key] for key in ("median_ms", "overall", "by_type")
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [("query,type\na,b\n", "no column item"), ("query,item\n,ZZ001\n", "line 2"), ("query,item\n", "no q")],
)
def test_a_file_that_cannot_be_used_says_why(
    tmp_path: Path, text: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search-eval", str(write(tmp_path / "q.csv", text))]) == 1
    assert why in capsys.readouterr().err


def test_the_command_answers_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "gjj提取"]) == 0
    assert "ZZ114" in capsys.readouterr().out.splitlines()[1]
    assert main(["search", "买火车票"]) == 0
    assert capsys.readouterr().out.startswith("没有找到")
    assert main(["search", "查前妻的房产"]) == 0
    assert capsys.readouterr().out.startswith("不能办理：")
    assert main(["search", "社保证明", "--json", "--limit", "1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], [item["item"] for item in told["items"]]) == ("found", ["ZZ001"])
