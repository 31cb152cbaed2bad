"""A table of items comes in whole or not at all: every fault is found in its cell, what was previewed is what is
adopted, and what an item was stays readable.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.center.services.the_table import KEYS, PLANTED, bring, changed_table, planted_table, xlsx
from tests.center.services_cast import SYSTEM, catalogue_rows

from budayang.center.platform import works
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden, Grant, Role
from budayang.center.platform.models import AuditLine, Work
from budayang.center.platform.uploads import BadUpload
from budayang.center.services import actions, catalogue_actions, catalogue_queries, field_actions
from budayang.center.services import catalogue_writing as writing
from budayang.center.services.catalogue import BY_KEY, COLUMNS, BadCell
from budayang.center.services.catalogue_sheets import as_text, cell_name, file_of, letter_of, read_sheet
from budayang.center.services.models import (
    EditionFault,
    Item,
    ItemVersion,
    Offering,
)
from budayang.center.terminals.models import Terminal
from budayang.data import items_with_forms


@pytest.fixture
def catalogue(db: None) -> None:
    """The shipped catalogue, in force."""
    assert not actions.import_items(SYSTEM, catalogue_rows(), is_demo=True).errors


# Faults --------------------------------------------------------------------------------------------------------------


def test_forty_planted_faults_are_each_found_in_their_cell_and_nothing_is_loaded(catalogue: None) -> None:
    assert len(PLANTED) == 40
    before = {item.code: item.name for item in Item.objects.all()}
    revision = catalogue_queries.revision()
    edition = bring(xlsx(planted_table()))
    found = {(one.line, one.letter): one for one in EditionFault.objects.filter(edition=edition)}
    for number, (key, _text, message) in enumerate(PLANTED):
        line, letter = 11 + number, letter_of(KEYS.index(key))
        fault = found.pop((line, letter), None)
        assert fault is not None, f"{key} in row {line} was not found"
        assert message in fault.message, (key, fault.message)
        assert cell_name(fault.line, fault.letter, fault.title) == f"第 {line} 行 {letter} 列（{BY_KEY[key].title}）"
    assert not found, "faults that nobody planted"
    assert (edition.state, edition.counts["faults"], edition.number) == ("refused", 40, None)
    with pytest.raises(Refused):
        catalogue_actions.adopt_edition(SYSTEM, edition.pk, timezone.now())
    assert {item.code: item.name for item in Item.objects.all()} == before
    assert catalogue_queries.revision() == revision
    assert ItemVersion.objects.count() == len(before)


def test_a_row_tells_all_its_faults_at_once(catalogue: None) -> None:
    edition = bring(xlsx(changed_table(kind="办理", audience="居民", typical_minutes="快")))
    assert [(one.line, one.title) for one in edition.faults.order_by("letter")] == [
        (2, "类别"), (2, "服务对象"), (2, "办理时长（分钟）"),
    ]  # fmt: skip


def test_cells_beyond_the_head_are_a_fault(catalogue: None) -> None:
    table = changed_table()
    table[1].append("多出来的")
    fault = bring(xlsx(table)).faults.get()
    assert cell_name(fault.line, fault.letter, fault.title) == f"第 2 行 {letter_of(len(KEYS))} 列"
    assert "没有表头" in fault.message


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (["编号", "称呼"], "没有找到表头"),
        (["事项编码", "事项名称", "部门"], "缺少这些列：类别、服务对象、非工作时间"),
        (["事项编码", "事项名称", "部门", "类别", "服务对象", "非工作时间", "name"], "B 列和 G 列都是"),
    ],
)
def test_a_table_without_its_head_is_refused_with_the_repair(head: list[str], why: str) -> None:
    with pytest.raises(BadUpload, match=why):
        read_sheet(xlsx([head, ["x"] * len(head)]))


def test_lines_above_the_head_are_counted_and_unknown_columns_named(catalogue: None) -> None:
    table = [["鄂尔多斯市目录"], [], *([*row, "备注"] for row in changed_table(kind="办理"))]
    edition = bring(xlsx(table))
    assert edition.unread == ["备注"]
    assert edition.faults.get().line == 4


# There and back ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_an_export_imports_without_a_difference(catalogue: None, kind: Any) -> None:
    rows = catalogue_queries.rows_at(timezone.now())
    edition = bring(file_of(kind, rows, demo=True))
    assert edition.state == "ready", list(edition.faults.values_list("line", "message"))
    assert {key: edition.counts[key] for key in ("new", "changed", "gone", "same")} == {
        "new": 0, "changed": 0, "gone": 0, "same": 193,
    }  # fmt: skip


def test_an_export_says_what_the_shipped_table_said(catalogue: None) -> None:
    exported = {row["item_id"]: row for row in catalogue_queries.rows_at(timezone.now())}
    renamed = {"base_code_demo": "base_code"}
    for shipped in catalogue_rows():
        row = exported[shipped["item_id"]]
        for head, text in shipped.items():
            key = renamed.get(head, head)
            assert as_text(key, row[key]) == text, (shipped["item_id"], head)


def test_gb18030_and_a_byte_order_mark_are_read(catalogue: None) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(changed_table(name="个人参保证明㐂"))
    for encoding in ("gb18030", "utf-8-sig", "utf-8"):
        edition = bring(text.getvalue().encode(encoding))
        assert edition.counts["changed"] == 1
        assert edition.changes.get(change="changed").fields[0] == ["name", "个人参保证明查询打印", "个人参保证明㐂"]


PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=30).filter(
    lambda text: re.match(r"'[=+\-@]", text) is None  # refused as a cell: the test below
)


@pytest.mark.parametrize("text", ["'=1+1", "'-5", "'@x"])
def test_a_cell_that_looks_disarmed_is_refused(text: str) -> None:
    with pytest.raises(BadCell, match="单引号"):
        BY_KEY["fee"].read(text)


@settings(max_examples=25, deadline=None)
@given(name=PLAIN, fee=PLAIN, kind=st.sampled_from(["xlsx", "csv"]), minutes=st.integers(0, 999) | st.none())
def test_any_text_comes_back_as_it_went(name: str, fee: str, kind: Any, minutes: int | None) -> None:
    row = {column.key: column.blank for column in COLUMNS}
    row |= {"item_id": "ZZ001", "name": f"n{name}", "fee": fee, "typical_minutes": minutes, "steps": ["一", "二"]}
    sheet = read_sheet(file_of(kind, [row], demo=False))
    cells = dict(zip(sheet.head, sheet.rows[0][1], strict=True))
    assert cells["fee"] == fee
    assert cells["name"] == f"n{name}"
    assert BY_KEY["typical_minutes"].read(cells["typical_minutes"]) == minutes
    assert BY_KEY["steps"].read(cells["steps"]) == ["一", "二"]


# Differences and adoption --------------------------------------------------------------------------------------------


def test_new_changed_gone_and_the_same_are_told_field_by_field(catalogue: None) -> None:
    table = changed_table(fee="10元", fee_yuan="", legal_limit="20个工作日", legal_workdays="")
    gone, new = table.pop(), [*table[2]]
    new[KEYS.index("item_id")] = "ZZ900"
    edition = bring(xlsx([*table, new]))
    assert {key: edition.counts[key] for key in ("new", "changed", "gone", "same")} == {
        "new": 1, "changed": 1, "gone": 1, "same": 191,
    }  # fmt: skip
    fields = {key: (old, now) for key, old, now in edition.changes.get(change="changed").fields}
    assert fields["fee"] == ("0", "10元")
    assert fields["fee_yuan"] == ("0", "10")
    assert fields["legal_workdays"] == ("", "20")
    assert edition.changes.get(change="gone").code == gone[0]
    assert not Item.objects.filter(code="ZZ900").exists(), "a preview changes nothing"


def test_an_adopted_edition_is_in_force_and_what_was_stays_readable(catalogue: None) -> None:
    before = timezone.now()
    edition = bring(xlsx(changed_table(name="新名字", fee="10元", fee_yuan="10", fee_basis="某文件", steps="一\n二")))
    adopted = catalogue_actions.adopt_edition(SYSTEM, edition.pk, timezone.now())
    assert (adopted.state, adopted.number, adopted.rows) == ("adopted", 2, [])
    item = Item.objects.get(code="ZZ001")
    assert (item.name, item.fee_fen, item.fee_basis, item.steps) == ("新名字", 1000, "某文件", ["一", "二"])
    then, now = catalogue_queries.item_at("ZZ001", before), catalogue_queries.item_at("ZZ001", timezone.now())
    assert then is not None
    assert now is not None
    assert (then.values["name"], then.values["fee"]) == ("个人参保证明查询打印", "0")
    assert (now.values["name"], now.edition_id) == ("新名字", edition.pk)
    assert set(now.changed) >= {"name", "fee", "fee_yuan", "fee_basis", "steps"}
    assert catalogue_queries.item_at("ZZ001", before - timedelta(days=1)) is None
    assert catalogue_queries.versions_of("ZZ002").count() == 1, "what did not change has no new version"
    line = AuditLine.objects.get(action="services.adopt_edition")
    assert line.details["number"] == 2


def test_an_item_that_is_gone_is_offered_nowhere_and_can_come_back(
    jia: Terminal, now: datetime, catalogue: None
) -> None:
    table = [row for row in changed_table() if row[0] != "ZZ001"]
    edition = bring(xlsx(table))
    gone = edition.changes.get(change="gone")
    assert gone.cautions == ["正在 1 台终端上登记，采用后停办"]
    catalogue_actions.adopt_edition(SYSTEM, edition.pk, timezone.now())
    item = Item.objects.get(code="ZZ001")
    assert not item.in_force
    assert not Offering.objects.filter(item=item, active=True).exists()
    actions.derive_offerings([jia.pk], now)
    assert not Offering.objects.filter(item=item, active=True).exists()
    back = bring(file_of("csv", catalogue_queries.rows_at(edition.imported_at), demo=False))
    assert back.changes.get(change="new").cautions == ["这个编码以前停用过，现在恢复"]
    catalogue_actions.adopt_edition(SYSTEM, back.pk, timezone.now())
    actions.derive_offerings([jia.pk], now)
    assert Offering.objects.get(item=item, terminal=jia).active


def test_a_part_leaves_the_rest_alone_and_a_column_that_is_not_there_too(catalogue: None) -> None:
    head = ["item_id", "name", "dept_type", "kind", "audience", "after_hours"]
    edition = bring(xlsx([head, ["ZZ001", "只改名字", "人社", "打印", "个人", "全时可办"]]), whole=False)
    assert {key: edition.counts[key] for key in ("new", "changed", "gone")} == {"new": 0, "changed": 1, "gone": 0}
    catalogue_actions.adopt_edition(SYSTEM, edition.pk, timezone.now())
    item = Item.objects.get(code="ZZ001")
    assert (item.name, item.materials, item.live_system) == (
        "只改名字", "居民身份证或电子社保卡", "自治区社保/就业/社保卡系统",
    )  # fmt: skip
    assert Item.objects.filter(in_force=True).count() == 193


def test_what_was_previewed_is_adopted_or_nothing(catalogue: None) -> None:
    first, second = bring(xlsx(changed_table(name="甲"))), bring(xlsx(changed_table(name="乙")))
    catalogue_actions.adopt_edition(SYSTEM, first.pk, timezone.now())
    with pytest.raises(Refused, match="重新比对"):
        catalogue_actions.adopt_edition(SYSTEM, second.pk, timezone.now())
    with pytest.raises(Refused):  # the rival that passed the first question is stopped in the transaction
        catalogue_actions.adopt_checked(second.pk, "x", timezone.now())
    assert Item.objects.get(code="ZZ001").name == "甲"
    again = catalogue_actions.check_again(SYSTEM, second.pk, timezone.now())
    assert again.changes.get(change="changed").fields == [["name", "甲", "乙"]]
    catalogue_actions.adopt_edition(SYSTEM, second.pk, timezone.now())
    with pytest.raises(Refused):
        catalogue_actions.drop_edition(SYSTEM, second.pk, timezone.now())


def test_a_failure_while_writing_leaves_everything_as_it_was(catalogue: None, monkeypatch: pytest.MonkeyPatch) -> None:
    edition = bring(xlsx(changed_table(name="半截")))

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr(writing, "_versions", fail)
    with pytest.raises(RuntimeError):
        catalogue_actions.adopt_edition(SYSTEM, edition.pk, timezone.now())
    edition.refresh_from_db()
    assert (edition.state, edition.number) == ("ready", None)
    assert not Item.objects.filter(name="半截").exists()
    assert catalogue_queries.revision() == edition.revision


def test_long_work_shows_progress_and_can_be_cancelled(catalogue: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue_actions, "AT_ONCE", 10)
    edition = bring(xlsx(changed_table(name="慢慢来")))
    work = catalogue_queries.work_of(edition)
    assert work is not None
    assert (edition.state, work.state) == ("checking", "waiting")
    with pytest.raises(Refused, match="正在处理"):
        catalogue_actions.check_again(SYSTEM, edition.pk, timezone.now())
    works.run_work.func(work.pk)
    work.refresh_from_db()
    assert (work.state, work.total) == ("done", 193)
    edition.refresh_from_db()
    assert (edition.state, edition.counts["changed"]) == ("ready", 1)

    adopting = catalogue_actions.adopt_edition(SYSTEM, edition.pk, timezone.now())
    catalogue_actions.cancel_edition(SYSTEM, edition.pk, timezone.now())
    assert Work.objects.get(pk=adopting.work_id).state == "cancelled"
    again = catalogue_actions.adopt_edition(SYSTEM, edition.pk, timezone.now())
    Work.objects.filter(pk=again.work_id).update(cancel_requested_at=timezone.now())
    monkeypatch.setattr("budayang.center.services.catalogue_checking.STEP", 50)
    works.run_work.func(again.work_id)
    assert Work.objects.get(pk=again.work_id).state == "cancelled"
    assert not Item.objects.filter(name="慢慢来").exists()
    last = catalogue_actions.adopt_edition(SYSTEM, edition.pk, timezone.now())
    works.run_work.func(last.work_id)
    edition.refresh_from_db()
    assert (edition.state, edition.number) == ("adopted", 2)
    assert Item.objects.get(code="ZZ001").name == "慢慢来"


def test_the_rule_of_codes_is_the_editions_choice(catalogue: None) -> None:
    table = changed_table(item_id="12441500196720244T3442199806003")
    assert bring(xlsx(table)).state == "refused"
    assert bring(xlsx(table), item_id="open").state == "ready"
    only = xlsx([table[0], table[1]])
    taken = bring(only, item_id="official31", whole=False)
    assert taken.state == "ready"
    catalogue_actions.adopt_edition(SYSTEM, taken.pk, timezone.now())
    assert catalogue_actions.default_rules()["item_id"] == "official31"


def test_only_the_citys_supervisor_brings_an_edition(city: Any, catalogue: None) -> None:
    content = xlsx(changed_table(name="别人的"))
    district = Actor("staff", "旗主管", (Grant(Role.SUPERVISOR, "/150600/150603/"),))
    keeper = Actor("staff", "管理员", (Grant(Role.AREA_KEEPER, "/150600/"),))
    for actor in (Actor.public(), district, keeper):
        with pytest.raises(Forbidden):
            bring(content, actor=actor)
    mine = bring(content, actor=Actor("staff", "市主管", (Grant(Role.SUPERVISOR, "/150600/"),)))
    for actor in (district, keeper):
        with pytest.raises(Forbidden):
            catalogue_actions.adopt_edition(actor, mine.pk, timezone.now())


# How a field is known ------------------------------------------------------------------------------------------------


def confirm(code: str, now: datetime, **answers: dict[str, str] | None) -> Item:
    seen = field_actions.open_version_id(code)
    return field_actions.confirm_fields(SYSTEM, code, answers, confirmed_by="医保局 张工", seen=seen, now=now)


def test_a_confirmation_outlives_an_import_that_says_the_same_and_no_other(catalogue: None) -> None:
    confirm("ZZ001", timezone.now(), fee=None, materials=None)
    table = changed_table(fee_verified="R", materials="居民身份证", materials_verified="R")
    edition = bring(xlsx(table))
    assert edition.changes.get(change="changed").cautions == ["“材料”是部门确认过的，改了以后要重新确认"]
    catalogue_actions.adopt_edition(SYSTEM, edition.pk, timezone.now())
    item = Item.objects.get(code="ZZ001")
    assert item.standing["fee"]["by"] == "医保局 张工"
    assert (item.mark("fee"), item.mark("materials")) == ("C", "R")


def test_a_table_cannot_keep_a_confirmation_for_other_words(catalogue: None) -> None:
    confirm("ZZ001", timezone.now(), fee=None)
    edition = bring(xlsx(changed_table(fee="10元", fee_yuan="10")))
    fault = edition.faults.get()
    assert (fault.title, fault.value, fault.line) == ("收费核实", "C", 2)


def test_departments_corrections_are_in_the_export_and_come_back(catalogue: None) -> None:
    confirm("ZZ001", timezone.now(), fee={"fee": "5元", "fee_yuan": "", "fee_basis": "发改价格〔2026〕1号"})
    edition = bring(file_of("xlsx", catalogue_queries.rows_at(timezone.now()), demo=False))
    assert (edition.state, edition.counts["same"]) == ("ready", 193)


def test_new_forms_carry_items_through(catalogue: None, monkeypatch: pytest.MonkeyPatch) -> None:
    forms = items_with_forms()
    assert "ZZ002" not in forms
    assert not Item.objects.get(code="ZZ002").driven
    monkeypatch.setattr("budayang.data.items_with_forms", lambda: (forms | {"ZZ002"}) - {"ZZ001"})
    assert catalogue_actions.refresh_forms(SYSTEM) == 2
    assert Item.objects.get(code="ZZ002").driven
    assert not Item.objects.get(code="ZZ001").driven
    assert catalogue_actions.refresh_forms(SYSTEM) == 0
