"""Wording check of a draft: modal verbs, references that lead nowhere, numbers that are missing, forbidden words.

After GB/T 1.1—2020 (标准化工作导则 第1部分). Its contents list was read; its provisions are known second-hand (grade B)
and the reading of each rule stands beside it, so that a reader can check it against the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """One paragraph of the draft. `kind`: clause, note, term, foreword, scope or annex. `number`: where it stands
    ("5.3"), `code`: the clause it was made of, "" for others. `criterion`: the clause's number as data, if it has one.
    """

    kind: str
    number: str
    text: str
    code: str = ""
    criterion: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is checked: paragraphs in order, codes of the normative references, and every number that exists."""

    pieces: tuple[Piece, ...]
    references: tuple[str, ...]
    numbers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: which rule, where ("5.3"), of which clause, the words at fault, why, and the repair."""

    rule: str
    number: str
    code: str
    words: str
    why: str
    repair: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing to look for. `source` is the place in GB/T 1.1—2020; `must`: a fault, else advice."""

    key: str
    name: str
    source: str
    must: bool
    find: Callable[[Draft], Iterator[Finding]]


BANNED: tuple[tuple[str, str, str], ...] = (
    ("必须", "应", "“必须”会和法律上的义务混在一起，要求用“应”"),
    ("不得不", "应", "要求用“应”"),
    ("不得", "不应", "禁止用“不应”"),
    ("不可(?![能靠抗或避见逆])", "不应", "“不可”不用来表示禁止"),
    ("严禁|(?<![、“])禁止(?![停吸烟标通入触燃跨攀鸣带打红类、”])", "不应", "禁止用“不应”"),
    ("(?<![必无])须(?![知要])", "应", "要求用“应”"),
    ("应当(?![场班天日])", "应", "要求用“应”"),
    ("切忌|务必", "应", "要求用“应”或“不应”"),
)
VAGUE: tuple[str, ...] = (
    "适当", "尽量", "尽可能", "尽快", "足够", "足量", "合理", "适宜", "必要时", "原则上", "较好", "良好", "一定的",
    "有关规定",
    "相关规定", "及时", "定期", "醒目", "清晰", "方便", "充足",
)  # fmt: skip
MODALS = re.compile(
    r"不应|应(?![急用对答变力届聘收邀])|不宜|宜|不必|可(?![靠能以见视疑逆])|可以|能(?![源力耗量见])|可能"
)
REQUIRES = re.compile(r"(?<![相适对响供反感])应(?![急用对答变力届聘收邀])|不应|必须|不得|须(?![知])|严禁")
QUANTITY = re.compile(
    r"不少于|不低于|不超过|不大于|不小于|不高于|不多于|不得少于|不得低于|不得超过|至少|至多|最多|最少|大于|小于|高于|低于|超过|"
    r"≥|≤|＞|＜"
)
LIMITS = re.compile(
    r"(留存|保存|响应|整改|办结|核实|申诉|回访|延时|更换|报修)(时限|期限|期|时间)|净宽|净高|照度|观察距离|下缘离地|"
    r"(周转|回转)空间|(规定|要求|约定)的?(时限|期限|时间|天数|次数|数量|比例|尺寸|高度|距离|温度)"
)
NUMBER = re.compile(r"[0-9０-９]|[一二三四五六七八九十百千两半零](?![般样些致定体律旦切])")
MEASURE = re.compile(
    r"[0-9０-９]|(?<![每任同某另逐上下这那])[一二三四五六七八九十百千万两半零]+\s*"
    r"(?:分之|[个名位人台套处间层块张份件次回遍倍成半数米克秒分刻天日夜周月季年元度级项条]|小时|厘米|毫米)"
)
"""A number in a sentence: digits, or Chinese ones before what they count. 每一台, 同一处 and 上一年 say no number."""
NAMED_BY_HOURS = re.compile(r"24\s*小时(?=自助|政务|服务|开放|不打烊)|“24小时”")
"""The subject's own name is no number of a requirement."""
UNIT = re.compile(r"^\s*[0-9０-９.,，—–~～\-/至×:：]+\s*(?P<unit>%|‰|°|℃|[a-zA-Zμ]+|[一-龥])?")
CITED = re.compile(r"(?:GB|DB\d*|GA|WB|YD|JGJ|MZ|ISO|IEC)(?:\s*/\s*[TZ])?\s*[0-9]{2,}(?:\.[0-9]+)*")
YEAR = re.compile(r"[—–-](?:19|20)\d\d$")
_PLACE = (
    r"(?:第\s*[1-9][0-9]?\s*章|[1-9][0-9]?(?:\.[0-9]{1,3})+(?![0-9.])"
    r"(?!\s*(?:[a-zA-Zμ%‰°℃]|[米元倍秒天日次个台人年月]|厘米|毫米|小时|分钟))"
    r"|附录\s*[A-Z]|表\s*(?:[A-Z]\.)?[0-9]{1,2}|[A-Z]\.[0-9]{1,3})"
)
INNER = re.compile(
    r"(?:见|按|按照|符合|执行|依据|依照|满足|遵守|遵照|遵循|参照|根据|适用)\s*(?:本文件|本标准)?\s*(?:中)?(?:的)?\s*"
    rf"(?P<places>{_PLACE}(?:\s*(?:[、，,和及与或至～~—–-]|以及)\s*{_PLACE})*)"
)
"""Where a sentence sends the reader: one place or a list of them, after a verb. A number with a unit is no place."""
PLACE = re.compile(_PLACE)
ADVISES = re.compile(
    r"宜(?!居)|可以|(?<![许认])可(?![靠能见视疑逆用办读查信行变贵抗])|(?<![必无所急按])需(?!求)|"
    r"(?<![主重必需只概纲摘])要(?![求点素件么是])"
)


def check(draft: Draft) -> list[Finding]:
    """Every fault and advice, in the order of the text, then of the rules."""
    order = {piece.number: at for at, piece in enumerate(draft.pieces)}
    found = [finding for rule in RULES for finding in rule.find(draft)]
    return sorted(found, key=lambda one: (order.get(one.number, len(order)), _RULE_ORDER[one.rule]))


def plain_code(code: str) -> str:
    """A document's code without its year and blanks, for comparing: "GB/T 10001.1—2023" is "GB/T10001.1"."""
    return YEAR.sub("", code.strip()).replace(" ", "").replace("\u3000", "")


def cited_codes(text: str) -> list[str]:
    """The documents that a text names, as they are written there."""
    return [match.group() for match in CITED.finditer(text)]


def _clauses(draft: Draft) -> Iterator[Piece]:
    return (piece for piece in draft.pieces if piece.kind == "clause")


def _at(piece: Piece, rule: str, words: str, why: str, repair: str) -> Finding:
    return Finding(rule, piece.number, piece.code, words, why, repair)


def _around(text: str, start: int, end: int, width: int = 8) -> str:
    left, right = max(0, start - width), min(len(text), end + width)
    return ("…" if left else "") + text[left:right] + ("…" if right < len(text) else "")


def _modal_in_note(draft: Draft) -> Iterator[Finding]:
    for piece in draft.pieces:
        if piece.kind == "note" and (match := REQUIRES.search(piece.text)):
            yield _at(
                piece, "modal_in_note", _around(piece.text, *match.span()),
                "注只帮助理解，不提要求", "把这项要求移到条文里，或改成陈述句。",
            )  # fmt: skip
        elif piece.kind in {"foreword", "scope"} and (match := REQUIRES.search(piece.text)):
            yield _at(
                piece, "modal_in_note", _around(piece.text, *match.span()),
                "前言和范围不提要求", "改成陈述句，要求写到第 4 章以后。",
            )  # fmt: skip


def _advice_in_note(draft: Draft) -> Iterator[Finding]:
    for piece in draft.pieces:
        if piece.kind in {"note", "foreword", "scope"} and (match := ADVISES.search(piece.text)):
            yield _at(
                piece, "advice_in_note", _around(piece.text, *match.span()),
                "注、前言和范围也不推荐、不允许、不指示", "改成陈述句，或把这句话移到条文里。",
            )  # fmt: skip


def _banned(draft: Draft) -> Iterator[Finding]:
    for piece in draft.pieces:
        if piece.kind not in {"clause", "note", "annex"}:
            continue
        taken: list[tuple[int, int]] = []
        for pattern, instead, why in BANNED:
            for match in re.finditer(pattern, piece.text):
                if any(start < match.end() and match.start() < end for start, end in taken):
                    continue
                taken.append(match.span())
                yield _at(
                    piece, "banned", _around(piece.text, *match.span()), why, f"把“{match.group()}”改为“{instead}”。"
                )


def _vague(draft: Draft) -> Iterator[Finding]:
    for piece in _clauses(draft):
        for word in VAGUE:
            at = piece.text.find(word)
            if at >= 0 and not NUMBER.search(piece.criterion):
                yield _at(
                    piece, "vague", _around(piece.text, at, at + len(word)),
                    "不能证实的要求不写进标准", f"用数值、时限或看得见的结果代替“{word}”。",
                )  # fmt: skip


def _no_modal(draft: Draft) -> Iterator[Finding]:
    for piece in _clauses(draft):
        if not MODALS.search(piece.text):
            yield _at(
                piece, "no_modal", piece.text[:16], "看不出是要求、推荐还是允许",
                "写成完整的句子：要求用“应”，推荐用“宜”，允许用“可”。",
            )  # fmt: skip


def _cited(draft: Draft) -> Iterator[Finding]:
    listed = {plain_code(code) for code in draft.references}
    for piece in draft.pieces:
        if piece.kind not in {"clause", "note", "annex", "term"}:
            continue
        seen = set()
        for code in cited_codes(piece.text):
            if plain_code(code) not in listed and code not in seen:
                seen.add(code)
                yield _at(
                    piece, "cited_not_listed", code, "条文引用了，第 2 章没有列",
                    "列入规范性引用文件；只供参考的，列入参考文献。",
                )  # fmt: skip


def _listed(draft: Draft) -> Iterator[Finding]:
    text = "\n".join(piece.text for piece in draft.pieces if piece.kind in {"clause", "annex", "term"})
    cited = {plain_code(code) for code in cited_codes(text)}
    for code in draft.references:
        name = plain_code(code)
        if name not in cited and not (name.startswith("《") and name in text.replace(" ", "")):
            yield Finding(
                "listed_not_cited",
                "2",
                "",
                code,
                "第 2 章列了，条文没有规范性地引用",
                "在条文里引用它，或从第 2 章删去。",
            )  # fmt: skip


def _inner(draft: Draft) -> Iterator[Finding]:
    for piece in draft.pieces:
        for match in INNER.finditer(piece.text):
            for place in PLACE.findall(match["places"]):
                if _number_of(place) not in draft.numbers:
                    words = match.group() if place == match["places"] else place
                    yield _at(piece, "no_such_number", words, "提到的章条、附录或表不存在", "改成现有的编号。")


def _number_of(place: str) -> str:
    """ "第 9 章" is "9", "附录 C" is "附录C"."""
    return re.sub(r"[第章\s]", "", place)


def _says_a_number(text: str) -> bool:
    return MEASURE.search(NAMED_BY_HOURS.sub("", text)) is not None


def _phrase(text: str) -> str:
    """What stands before the next mark: the number of a 不少于 is there or nowhere."""
    return re.split(r"[，。；;、：:]", text, maxsplit=1)[0]


def _no_number(draft: Draft) -> Iterator[Finding]:
    for piece in _clauses(draft):
        as_data = NUMBER.search(piece.criterion) is not None
        for match in QUANTITY.finditer(piece.text):
            rest = piece.text[match.end() : match.end() + 8]
            if not as_data and not MEASURE.search(_phrase(piece.text[match.end() :])):
                yield _at(
                    piece, "no_number", _around(piece.text, *match.span()),
                    "说了多少，没有给出数", "写出数值和单位，例如“不少于 30 d”。",
                )  # fmt: skip
            elif (unit := UNIT.match(rest)) and not unit["unit"] and len(piece.text) <= match.end() + unit.end():
                yield _at(
                    piece, "no_number", _around(piece.text, *match.span()), "有数值，没有单位", "写出单位。"
                )  # fmt: skip
        limit = LIMITS.search(piece.text)
        if limit and not as_data and not _says_a_number(piece.text):
            yield _at(
                piece, "no_number", _around(piece.text, *limit.span()),
                "提到时限或尺寸，没有给出数", "写出数值和单位，例如“不少于 6 个月”。",
            )  # fmt: skip


RULES: tuple[Rule, ...] = (
    Rule("modal_in_note", "注、前言、范围里有要求", "GB/T 1.1—2020，9.11 注；8.3 前言；8.5 范围", True, _modal_in_note),
    Rule(
        "advice_in_note",
        "注、前言、范围里有推荐或允许",
        "GB/T 1.1—2020，9.11 注；8.3 前言；8.5 范围",
        False,
        _advice_in_note,
    ),
    Rule("banned", "能愿动词不对", "GB/T 1.1—2020，附录 C.1 要求", True, _banned),
    Rule("no_modal", "没有能愿动词", "GB/T 1.1—2020，附录 C；9.1 条款", False, _no_modal),
    Rule("vague", "不能证实的词", "GB/T 1.1—2020，5.3 规范性要素的选择原则", False, _vague),
    Rule("cited_not_listed", "引用了没有列的文件", "GB/T 1.1—2020，8.6 规范性引用文件", True, _cited),
    Rule("listed_not_cited", "列了没有引用的文件", "GB/T 1.1—2020，8.6 规范性引用文件", True, _listed),
    Rule("no_such_number", "提到不存在的章条", "GB/T 1.1—2020，9.5 引用和提示", True, _inner),
    Rule("no_number", "缺数值或单位", "GB/T 1.1—2020，5.3 规范性要素的选择原则", True, _no_number),
)
RULE_BY_KEY = {rule.key: rule for rule in RULES}
_RULE_ORDER = {rule.key: at for at, rule in enumerate(RULES)}
RULE_NAMES: dict[str, str] = {rule.key: rule.name for rule in RULES}


def tally(findings: Iterable[Finding]) -> dict[str, int]:
    """Rule → how many findings, in the rules' order, without those that found nothing."""
    rows: Sequence[Finding] = list(findings)
    counts = {rule.key: sum(one.rule == rule.key for one in rows) for rule in RULES}
    return {key: count for key, count in counts.items() if count}
