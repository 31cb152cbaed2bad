"""Editions of the standard: the list, one edition with its clauses, terms, references and annexes, its life, adoption,
its workbook, and what is different from another.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.console.forms import DateField
from budayang.center.console.listing import XLSX, Action, Column, Filter, State, listing
from budayang.center.console.people import People
from budayang.center.console.reader import reader
from budayang.center.console.standard_words import mark
from budayang.center.platform import exports
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.wording import words
from budayang.center.standard import actions, edition_actions, queries
from budayang.center.standard import edition_queries as editions_room
from budayang.center.standard.models import Clause, Edition
from budayang.center.standard.project_queries import projects_visible_to
from budayang.center.standard.project_texts import leader_of
from budayang.rules.standard.differences import CHANGE_NAMES, Change, counts, differences
from budayang.rules.standard.editions import ADOPTION_NAMES, EVENT_NAMES, STATE_NAMES, TRAIL_NAMES, events_from
from budayang.rules.standard.parts import KIND_NAMES, Kind

KEEPERS = frozenset(edition_actions.KEEPERS)
ADOPTION_TONES = {"adopted": "ok", "loaded": "hand", "withdrawn": "ask"}
CHANGE_TONES = {"new": "ok", "changed": "warn", "gone": "stop", "same": "ask"}


class MoveForm(forms.Form):
    """What publishing and implementing need."""

    number = forms.CharField(
        label=gettext_lazy("标准编号"), max_length=40, required=False, help_text=gettext_lazy("发布时必填。")
    )
    on = DateField(
        label=gettext_lazy("日期"), required=False, help_text=gettext_lazy("发布填发布日期，实施填实施日期。")
    )
    note = forms.CharField(label=gettext_lazy("说明"), max_length=300, required=False)


def adoption_state(edition: Edition) -> State:
    """Whether it is in force here, as word and shape."""
    return State(ADOPTION_TONES[edition.adoption], words(ADOPTION_NAMES[edition.adoption]))  # type: ignore[arg-type]


def text_state(edition: Edition) -> str:
    """Where its text stands; a reference edition says so."""
    return words(STATE_NAMES[edition.state])


@allow(queries.READERS)
def editions(request: HttpRequest) -> HttpResponse:
    """Every edition, the newest first."""
    keeps = edition_actions.may_keep(reader(request))
    return listing(
        request,
        title=_("标准版本"),
        note=_("参照版由多种法规和制度整理而成，不是任何已发布标准的条文；文本到哪一步和这里采不采用，是两件事。"),
        columns=(
            Column("title", _("名称"), lambda row: row.title, sort="title"),
            Column("code", _("代号"), lambda row: row.code, sort="code", kind="code"),
            Column("mark", _("性质"), lambda row: _("参照版") if row.is_reference else _("标准文本")),
            Column("state", _("文本状态"), text_state, sort="state"),
            Column("number", _("标准编号"), lambda row: row.number, sort="number"),
            Column("adoption", _("采用"), adoption_state, sort="adoption", kind="state"),
            Column("clauses", _("条款"), lambda row: row.clause_count, kind="number"),
            Column("loaded", _("载入时间"), lambda row: row.loaded_at, sort="loaded_at", kind="moment"),
        ),
        queryset=editions_room.editions(),
        search=("title", "code", "number"),
        default_sort="-loaded",
        row_url=lambda row: reverse("console:edition", args=[row.code]),
        empty=_("还没有载入标准。请导入一个版本。"),
        export_name=_("标准版本"),
        actions=(Action(reverse("console:edition_import"), _("导入版本"), primary=True),) if keeps else (),
    )


def edition_of(code: str) -> Edition:
    """The edition of an address; 404 when there is none."""
    try:
        return editions_room.get_edition(code)
    except Edition.DoesNotExist as error:
        raise Http404 from error


def _kinds_word(clause: Clause) -> str:
    return "、".join(dict.fromkeys(words(KIND_NAMES[Kind(one["kind"])]) for one in clause.parts)) or _("未接入")


@allow(queries.READERS)
def edition(request: HttpRequest, code: str) -> HttpResponse:
    """One edition: where it stands, what can be done with it, and its clauses."""
    found = edition_of(code)
    actor = reader(request)
    keeps = edition_actions.may_keep(actor)
    others = editions_room.editions().exclude(pk=found.pk)
    chapters = list(found.chapters.all())
    leader = leader_of(found)
    trail = list(found.events.order_by("-at", "-pk")[:8])
    people = People([one.by for one in trail] + [found.loaded_by])
    return listing(
        request,
        title=found.title,
        note=_("代号 %(code)s") % {"code": found.code},
        columns=(
            Column("code", _("条款"), lambda row: row.code, sort="position", kind="code"),
            Column("chapter", _("章"), lambda row: f"{row.chapter} {row.chapter_title}", sort="chapter"),
            Column("requirement", _("要求"), lambda row: row.requirement),
            Column("criterion", _("判断标准"), lambda row: row.criterion),
            Column("kinds", _("由什么判断"), _kinds_word),
            Column("grade", _("依据等级"), lambda row: row.grade, sort="grade"),
            Column("weight", _("权重"), lambda row: f"{row.weight:g}", sort="weight", kind="number"),
            Column("edition", _("版本"), lambda row: mark(found)),
        ),
        queryset=found.clauses.all(),
        filters=(
            Filter(
                "chapter",
                _("章"),
                lambda: [(str(one.number), f"{one.number} {one.title}") for one in chapters],
                lambda rows, v: rows.filter(chapter=int(v)) if v.isdigit() else rows.none(),
            ),
        ),
        search=("code", "requirement", "criterion", "basis"),
        default_sort="code",
        row_url=None,
        empty=_("这个版本没有条款。"),
        export_name=f"{found.code}-{mark(found)}",
        actions=(
            Action(reverse("console:edition_terms", args=[found.code]), _("术语、引用文件和附录")),
            Action(reverse("console:edition_workbook", args=[found.code]), _("导出工作簿")),
        ),
        template="console/standard/edition.html",
        extra={
            "edition": found,
            "state": text_state(found),
            "adoption": adoption_state(found),
            "events": [
                (one, words(TRAIL_NAMES[one.event]), words(STATE_NAMES[one.state]), people.called(one.by))
                for one in trail
            ],
            "moves": [(event, words(EVENT_NAMES[event])) for event in events_from(found.state)]
            if keeps and leader is None
            else [],
            "leader": leader,
            "opens_leader": leader is not None and projects_visible_to(actor).filter(pk=leader.pk).exists(),
            "loaded_by": people.called(found.loaded_by) if found.loaded_by else "",
            "form": MoveForm(),
            "others": others,
            "keeps": keeps,
            "adopts": keeps and found.adoption != "adopted",
        },
    )


@allow(queries.READERS)
def edition_terms(request: HttpRequest, code: str) -> HttpResponse:
    """Terms, normative references, annexes and values of an edition."""
    found = edition_of(code)
    tables: dict[tuple[str, str, str, str], list[Any]] = {}
    for row in found.annexes.all():
        tables.setdefault((row.annex, row.annex_title, row.table, row.table_title), []).append(row)
    context = {
        "edition": found,
        "terms": found.terms.all(),
        "references": found.references.all(),
        "tables": tables.items(),
        "values": found.values.all(),
    }
    return render(request, "console/standard/terms.html", context)


@allow(queries.READERS)
def edition_workbook(request: HttpRequest, code: str) -> HttpResponse:
    """The whole edition: a workbook that imports without a difference."""
    found = edition_of(code)
    content = editions_room.workbook_of(editions_room.text_of(found), demo=settings.BUDAYANG.demo)
    with transaction.atomic():
        record(reader(request), "console.export", subject=f"edition:{found.code}", details={}, at=timezone.now())
    answer = HttpResponse(content, content_type=XLSX)
    answer["Content-Disposition"] = content_disposition_header(True, f"{found.code}-{mark(found)}.xlsx") or "attachment"
    return answer


@allow(KEEPERS)
@require_POST
def edition_move(request: HttpRequest, code: str, event: str) -> HttpResponse:
    """One step of the text's life."""
    found, form = edition_of(code), MoveForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("日期看不懂，请重新选。"))
        return redirect("console:edition", code)
    given = form.cleaned_data
    try:
        edition_actions.move_edition(
            reader(request), found, event, now=timezone.now(), on=given["on"], number=given["number"],
            note=given["note"],
        )  # fmt: skip
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已记下。"))
    return redirect("console:edition", code)


@allow(KEEPERS)
@require_POST
def edition_adopt(request: HttpRequest, code: str) -> HttpResponse:
    """Put it in force."""
    found = edition_of(code)
    try:
        actions.adopt_edition(reader(request), found, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已采用，条款符合性随后重算。"))
    return redirect("console:edition", code)


def _change_state(change: Change) -> State:
    return State(CHANGE_TONES[change.change], words(CHANGE_NAMES[change.change]))  # type: ignore[arg-type]


@allow(queries.READERS)
def edition_compare(request: HttpRequest, code: str) -> HttpResponse:
    """What is different between this edition and an earlier one (?with=CODE), clause by clause; also as a file."""
    found = edition_of(code)
    other = edition_of(request.GET.get("with", "")) if request.GET.get("with") else None
    if other is None:
        return redirect("console:edition", code)
    changes = differences(editions_room.text_of(other), editions_room.text_of(found))
    if request.GET.get("export") == "xlsx":
        return _difference_file(request, other, found, changes)
    chosen = request.GET.get("change", "")
    shown = [one for one in changes if not chosen or one.change == chosen]
    context = {
        "edition": found,
        "other": other,
        "chosen": chosen,
        "figures": [(key, words(CHANGE_NAMES[key]), n) for key, n in counts(changes).items() if key != "same"],
        "changes": [(one, _change_state(one), [(words(title), a, b) for title, a, b in one.cells]) for one in shown],
    }
    return render(request, "console/standard/compare.html", context)


def _difference_file(request: HttpRequest, before: Edition, after: Edition, changes: list[Change]) -> HttpResponse:
    heads = [_("表"), _("哪一行"), _("差异"), _("栏目"), _("原来"), _("现在")]
    rows = [
        [words(one.sheet), one.key, words(CHANGE_NAMES[one.change]), words(title), old, new]
        for one in changes
        for title, old, new in one.cells
    ]
    title = f"{before.code}（{mark(before)}）→ {after.code}（{mark(after)}）"
    content = exports.book_of([exports.Sheet(_("差异"), heads, rows)], demo=settings.BUDAYANG.demo)
    details = {"with": before.code}
    with transaction.atomic():
        record(reader(request), "console.export", subject=f"edition:{after.code}", details=details, at=timezone.now())
    answer = HttpResponse(content, content_type=XLSX)
    answer["Content-Disposition"] = content_disposition_header(True, f"{title}.xlsx") or "attachment"
    return answer


urlpatterns = [
    path("editions/", editions, name="editions"),
    path("editions/<str:code>/", edition, name="edition"),
    path("editions/<str:code>/terms/", edition_terms, name="edition_terms"),
    path("editions/<str:code>/workbook/", edition_workbook, name="edition_workbook"),
    path("editions/<str:code>/compare/", edition_compare, name="edition_compare"),
    path("editions/<str:code>/adopt/", edition_adopt, name="edition_adopt"),
    path("editions/<str:code>/move/<slug:event>/", edition_move, name="edition_move"),
]
