"""Ratings in the field names of the national 好差评 interface. The one place that knows these names.

The interface's own text could not be read. What is known are names that a kiosk's program sends (see FIELDS); what a
field means is filled in only where that is known, the others are there and empty. Our own words of a rating (level,
reasons) have no known national name and stand apart, under ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from budayang.center.evaluation.models import Rating
from budayang.center.platform.exports import Column
from budayang.center.platform.wording import words
from budayang.center.services.queries import cases_numbered

AT_ONCE = 2000
FIELDS: tuple[tuple[str, str], ...] = (
    ("departmentCode", gettext_noop("部门代码：事项所属部门在本平台的代码")),
    ("evalProcess", gettext_noop("评价环节：取值没有读到，留空")),
    ("hallCode", gettext_noop("大厅代码：自助区编码")),
    ("affairSerialNo", gettext_noop("办件流水号：有正式流水号的用它，否则用办件编号")),
    ("affairCode", gettext_noop("事项编码：正式编码原样导入；演示编码是演示编码")),
    ("affairName", gettext_noop("事项名称")),
    ("affairHandleItem", gettext_noop("办理项：本平台没有，留空")),
    ("userType", gettext_noop("用户类型（0 个人，1 法人）：不保存评价人，留空")),
    ("certificateType", gettext_noop("证件类型：不保存评价人，留空")),
    ("windowNo", gettext_noop("窗口号：自助终端编码")),
    ("projectType", gettext_noop("办件类型（1 即办，2 承诺）：目录里没有，留空")),
)
OURS: tuple[tuple[str, str], ...] = (
    ("ours_level", gettext_noop("评价等级（本平台代码），五级")),
    ("ours_reasons", gettext_noop("原因代码，用空格隔开")),
    ("ours_texts", gettext_noop("原因的指标文本版次")),
    ("ours_channel", gettext_noop("评价渠道")),
    ("ours_at", gettext_noop("评价时间，UTC，ISO 8601")),
    ("ours_set_aside", gettext_noop("已剔除的理由代码；空为计入")),
)
"""Names of our own: the prefix says that they are not the interface's."""


@dataclass(frozen=True, slots=True)
class Rated:
    """A rating with its case, a row of the services room; None when the case is not here."""

    rating: Rating
    case: Any


class Records:
    """The records of all chosen ratings, some at a time as they are written away; `count`: how many there were so far.
    A month of a province is more than fits in memory, and none of it is left out.
    """

    def __init__(self, ratings: QuerySet[Rating]) -> None:
        self._ratings = ratings
        self.count = 0

    def __iter__(self) -> Iterator[dict[str, str]]:
        rows = self._ratings.iterator(chunk_size=AT_ONCE)
        while some := list(islice(rows, AT_ONCE)):
            cases = cases_numbered([one.case_number for one in some])
            for one in some:
                self.count += 1
                yield record_of(Rated(one, cases.get(one.case_number)))


def record_of(one: Rated) -> dict[str, str]:
    """One record. Unknown is empty, never a guess."""
    rating, case = one.rating, one.case
    return {
        "departmentCode": case.item.department.code if case else "",
        "evalProcess": "",
        "hallCode": rating.terminal.area.code,
        "affairSerialNo": (case.official_number if case else "") or rating.case_number,
        "affairCode": case.item.code if case else rating.item_code,
        "affairName": case.item.name if case else "",
        "affairHandleItem": "",
        "userType": "",
        "certificateType": "",
        "windowNo": rating.terminal.code,
        "projectType": "",
        "ours_level": rating.level,
        "ours_reasons": " ".join(rating.reasons),
        "ours_texts": rating.texts,
        "ours_channel": rating.channel,
        "ours_at": rating.at.isoformat(),
        "ours_set_aside": rating.set_aside_for,
    }


def columns() -> list[Column]:
    """Of the CSV file: the names as they are."""
    return [Column(name, lambda row, key=name: row[key]) for name, _help in (*FIELDS, *OURS)]  # type: ignore[misc]


def field_notes() -> dict[str, str]:
    """What each field holds, and which are left empty."""
    notes: Iterable[tuple[str, str]] = (*FIELDS, *OURS)
    return {name: words(note) for name, note in notes} | {"": _("接口文本没有读到；字段名见于公开的自助终端程序")}
