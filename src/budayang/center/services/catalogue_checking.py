"""Compares a table of items with the catalogue in force: what is new, changed cell by cell, gone or the same, and every
cell that cannot be read. Writes nothing; a preview and the adoption both come from here, so they cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from budayang.center.platform.wording import words
from budayang.center.services.catalogue import (
    BY_KEY,
    COLUMNS,
    PAIRS,
    REQUIRED,
    BadCell,
    check_code,
    complete,
    needs_of,
    values_of,
)
from budayang.center.services.catalogue_sheets import UNREAD, as_text, letter_of
from budayang.center.services.models import Item
from budayang.rules.catalogue import CODE_KINDS, FIELDS, Mark
from budayang.rules.services import DRIVEN_KINDS

STEP = 200
MOST_FAULTS = 5000
Standing = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell (or, without `letter`, a row) that cannot be taken, and why."""

    line: int
    letter: str
    title: str
    value: str
    message: str


@dataclass(slots=True)
class Plan:
    """What happens to one item. `fields`: (column, before, after) as texts, of a changed item."""

    line: int | None
    code: str
    change: str
    values: dict[str, Any]
    standing: Standing
    fields: list[tuple[str, str, str]] = field(default_factory=list)
    cautions: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Checked:
    """The whole comparison. Nothing may be loaded while `faults` is not empty."""

    faults: list[Fault] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        found = dict.fromkeys(("new", "changed", "gone", "same"), 0)
        for plan in self.plans:
            found[plan.change] += 1
        return found | {"faults": len(self.faults), "cautions": sum(1 for plan in self.plans if plan.cautions)}


@dataclass(frozen=True, slots=True)
class Known:
    """What the comparison reads: items (in force or not) by code, departments' names, items with a form of ours, and on
    how many terminals each item is offered.
    """

    items: Mapping[str, Item]
    departments: Collection[str]
    carried: Collection[str]
    offered: Mapping[int, int]


def check(
    head: Sequence[str],
    rows: Iterable[tuple[int, Sequence[str]]],
    known: Known,
    *,
    rules: Mapping[str, str],
    whole: bool,
    step: Callable[[int], None] = lambda count: None,
) -> Checked:
    """Compare a table with the catalogue in force. `step(n)` is called after each n rows and may raise to stop."""
    checked, seen = Checked(), dict[str, int]()
    for number, (line, texts) in enumerate(rows, start=1):
        values, faults = _read_row(head, line, texts, rules)
        code = values.get("item_id", "")
        if code and code in seen:
            at = list(head).index("item_id")
            message = _("编码 %(code)s 与第 %(line)d 行重复") % {"code": code, "line": seen[code]}
            faults.append(Fault(line, letter_of(at), BY_KEY["item_id"].title, code, message))
        seen.setdefault(code, line)
        if not faults:
            plan, faults = _plan(head, line, values, known)
            checked.plans.append(plan)
        checked.faults.extend(faults)
        if number % STEP == 0:
            step(STEP)
    if whole:
        checked.plans.extend(
            _gone(item, known) for code, item in known.items.items() if code not in seen and item.in_force
        )
    return checked


def _read_row(
    head: Sequence[str], line: int, texts: Sequence[str], rules: Mapping[str, str]
) -> tuple[dict[str, Any], list[Fault]]:
    """The row's values and every fault in it, not only the first."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []

    def fault(key: str, text: str, message: str) -> None:
        letter = letter_of(list(head).index(key)) if key in head else ""
        faults.append(Fault(line, letter, BY_KEY[key].title, text[:120], message))

    for at, key in enumerate(head):
        text = texts[at] if at < len(texts) else ""
        if key not in BY_KEY:
            if text and key != UNREAD:
                faults.append(_untitled(line, at, text))
            continue
        try:
            if key in REQUIRED and not text:
                raise BadCell(_("这一格不能空"))
            values[key] = BY_KEY[key].read(text)
            if key in CODE_KINDS and text:
                check_code(key, text, rules[key])
        except BadCell as error:
            fault(key, text, str(error))
    beyond = next(((at, text) for at, text in enumerate(texts[len(head) :], start=len(head)) if text), None)
    if beyond:
        faults.append(_untitled(line, *beyond))
    if not faults:
        values, against = complete(values)
        for key, message in against:
            fault(key, as_text(key, values.get(key)), message)
    return values, faults


def _untitled(line: int, at: int, text: str) -> Fault:
    return Fault(line, letter_of(at), "", text[:120], _("这一列没有表头，却有内容：是不是少了一个分隔符，或漏了表头"))


def _plan(head: Sequence[str], line: int, read: Mapping[str, Any], known: Known) -> tuple[Plan, list[Fault]]:
    code = str(read["item_id"])
    item = known.items.get(code)
    before = values_of(item) if item is not None and item.in_force else None
    base = before or {column.key: column.blank for column in COLUMNS}
    for text_key, number_key, _read_number in PAIRS:
        if text_key in read and number_key not in read and read[text_key] != base[text_key]:
            base = {**base, number_key: None}  # the number of other words; `complete` reads it anew
    values = complete({**base, **{key: value for key, value in read.items() if key not in _MARKS}})[0]
    standing, faults = _standing(head, line, read, before, values, item)
    marks = {one.mark: standing[one.key]["mark"] for one in FIELDS}
    values |= marks
    plan = Plan(line, code, "new", values, standing)
    if before is not None:
        plan.fields = [
            (key, as_text(key, before[key]), as_text(key, values[key])) for key in BY_KEY if before[key] != values[key]
        ]
        plan.change = "changed" if plan.fields else "same"
    plan.cautions = _cautions(plan, before, item, known)
    return plan, faults


_MARKS = frozenset(one.mark for one in FIELDS)


def _standing(
    head: Sequence[str],
    line: int,
    read: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    values: Mapping[str, Any],
    item: Item | None,
) -> tuple[Standing, list[Fault]]:
    """How each field is known after the import. A table cannot say that a department confirmed something; what a
    department confirmed stays confirmed as long as it says the same.
    """
    found: Standing = {}
    faults: list[Fault] = []
    for one in FIELDS:
        said = str(read.get(one.mark, ""))
        old: dict[str, str] = dict(item.standing.get(one.key, {})) if item is not None and before is not None else {}
        same = before is not None and all(before[column] == values[column] for column in one.columns)
        if same and old.get("mark") == Mark.CONFIRMED:
            found[one.key] = old
        elif said == Mark.CONFIRMED:
            message = (
                _("内容改了，原来的部门确认就不算了，请改成 V 或 R")
                if old.get("mark") == Mark.CONFIRMED
                else _("部门确认只能由部门在管理平台上做，请写 V 或 R")
            )
            faults.append(Fault(line, letter_of(list(head).index(one.mark)), BY_KEY[one.mark].title, said, message))
            found[one.key] = {"mark": Mark.UNVERIFIED.value}
        else:
            kept = old.get("mark", Mark.UNVERIFIED.value) if same else Mark.UNVERIFIED.value
            found[one.key] = {"mark": said or kept}
    return found, faults


def _cautions(plan: Plan, before: Mapping[str, Any] | None, item: Item | None, known: Known) -> list[str]:
    """What somebody should see before this is adopted."""
    found: list[str] = []
    values = plan.values
    if values["dept_type"] not in known.departments:
        found.append(_("部门“%(name)s”还没有，将新建") % {"name": values["dept_type"]})
    for one in FIELDS:
        lost = before is not None and before[one.mark] == Mark.CONFIRMED != values[one.mark]
        if lost:
            found.append(_("“%(field)s”是部门确认过的，改了以后要重新确认") % {"field": words(one.title)})
    if plan.change == "same":
        return found
    if item is not None and not item.in_force:
        found.append(_("这个编码以前停用过，现在恢复"))
    if values["fee_yuan"] and not values["fee_basis"] and (before is None or before["fee_yuan"] != values["fee_yuan"]):
        found.append(_("收费没有写依据"))
    beyond = needs_of(values, carried=plan.code in known.carried) - DRIVEN_KINDS
    if beyond and (before is None or not needs_of(before, carried=plan.code in known.carried) - DRIVEN_KINDS):
        found.append(_("需要自助终端没有驱动的设备，标为专机办理"))
    return found


def _gone(item: Item, known: Known) -> Plan:
    plan = Plan(None, item.code, "gone", values_of(item), dict(item.standing))
    terminals = known.offered.get(item.pk, 0)
    if terminals:
        plan.cautions.append(_("正在 %(n)d 台终端上登记，采用后停办") % {"n": terminals})
    return plan


def unchanged(item: Item) -> Plan:
    """An item as it is."""
    return Plan(None, item.code, "same", values_of(item), dict(item.standing))
