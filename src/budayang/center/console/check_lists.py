"""Pages of check lists: their editions, one edition with what it changed, and a new one from a table."""

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
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from budayang.center.console.forms import DateField
from budayang.center.console.listing import XLSX, Action, Column, Filter, State, listing
from budayang.center.console.people import People
from budayang.center.console.reader import reader
from budayang.center.console.round_sheet import bounds_words
from budayang.center.maintenance import round_plan_actions as actions
from budayang.center.maintenance import round_queries as queries
from budayang.center.maintenance.models import CheckListEdition
from budayang.center.platform import exports
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.uploads import BadUpload, read_table
from budayang.center.platform.wording import words
from budayang.rules.maintenance import BUCKETS, SEVERITY_NAMES, Bucket, Severity
from budayang.rules.round_lists import ABOUT_NAMES, ANSWER_NAMES, PART_NAMES, PHOTO_NAMES, Question, difference

EDITORS = frozenset(actions.EDITORS)
COLUMNS: dict[str, str] = {"code": "代码", **PART_NAMES}
"""The table of an edition: columns of rules.round_lists.Question and their heads, the same for both ways."""
REQUIRED = ("代码", "问题")


class EditionForm(forms.Form):
    """A new edition of a list."""

    place: forms.ModelChoiceField[Place] = forms.ModelChoiceField(
        Place.objects.none(), label=_("范围"), empty_label=_("请选择"), help_text=_("这里和它下面的自助区都用。")
    )
    code = forms.RegexField(
        r"^[a-z0-9_]{2,24}$",
        label=_("代码"),
        help_text=_("同一份检查表的各版本用同一个代码，例如 daily。"),
        error_messages={"invalid": _("代码用 2 到 24 位小写字母、数字和下划线。")},
    )
    name = forms.CharField(label=_("名称"), max_length=40)
    basis = forms.CharField(label=_("依据"), max_length=200, required=False, help_text=_("条款和出处。"))
    valid_from = DateField(label=_("从哪天起"), help_text=_("最早明天。到那天以前可以重交，到了那天就不能再改。"))
    table = forms.FileField(label=_("问题表"), help_text=_("Excel 或 CSV。请先在旧版本的页面下载，改好再传上来。"))

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = self.fields["place"]
        assert isinstance(places, forms.ModelChoiceField)
        places.queryset = platform.places_visible_to(actor)

    def rows(self) -> list[dict[str, object]]:
        """The questions of the table. Raises BadUpload."""
        heads = [words_of for words_of in COLUMNS.values() if words_of not in REQUIRED]
        table = read_table(self.cleaned_data["table"].read(), REQUIRED, optional=heads)
        # An empty cell is the column's default, except that no grade means: opens no order.
        return [
            {
                name: one.cells.get(head, "")
                for name, head in COLUMNS.items()
                if one.cells.get(head) or name == "severity"
            }
            for one in table.rows
        ]


def _standing(row: CheckListEdition) -> State:
    today = timezone.localdate()
    if row.valid_from > today:
        return State("hand", gettext("将要生效"))
    current = queries.edition_in_force(row.list_code, row.place.path, today)
    return (
        State("ok", gettext("执行中"))
        if current is not None and current.pk == row.pk
        else State("ask", gettext("旧版本"))
    )


@allow(OPERATING_ROLES)
def edition_list(request: HttpRequest) -> HttpResponse:
    """Every edition that counts in the reader's places."""
    actor = reader(request)
    edits = actor.may(*actions.EDITORS)
    rows = queries.editions_visible_to(actor)
    return listing(
        request,
        title=gettext("检查表"),
        note=gettext("每份检查表按版本生效，生效后不能改；已经开出的巡查用当时的版本。频次和依据取自参照版的条款。"),
        columns=(
            Column("name", gettext("检查表"), lambda row: row.name, sort="name"),
            Column("code", gettext("代码"), lambda row: row.list_code, sort="list_code", kind="code"),
            Column("place", gettext("范围"), lambda row: row.place.name, sort="place__path"),
            Column("from", gettext("从哪天起"), lambda row: row.valid_from, sort="valid_from"),
            Column("state", gettext("状态"), _standing, kind="state"),
            Column("questions", gettext("问题"), lambda row: len(row.questions), kind="number"),
            Column("basis", gettext("依据"), lambda row: row.basis),
        ),
        queryset=rows,
        filters=(
            Filter(
                "list",
                gettext("检查表"),
                lambda: sorted(queries.names_of_lists(list(rows)).items()),
                lambda found, v: found.filter(list_code=v),
            ),
        ),
        search=("name", "list_code", "basis"),
        default_sort="-from",
        row_url=lambda row: reverse("console:check_list", args=[row.pk]),
        empty=gettext("还没有检查表。主管可以采用随平台提供的检查表，再按本地要求改。"),
        export_name=gettext("检查表"),
        actions=(
            Action(reverse("console:check_list_new"), gettext("新版本")),
            Action(reverse("console:check_lists_adopt"), gettext("采用随平台提供的检查表"), primary=True),
        )
        if edits
        else (),
    )


def _get(request: HttpRequest, number: int) -> CheckListEdition:
    row = queries.editions_visible_to(reader(request)).filter(pk=number).first()
    if row is None:
        raise Http404
    return row


def _cells(question: Question) -> dict[str, str]:
    """A question as people read it."""
    return {
        "code": question.code,
        "text": question.text,
        "kind": words(ANSWER_NAMES[question.kind]),
        "about": words(ABOUT_NAMES[question.about]),
        "bounds": "；".join(bounds_words(question)) or " / ".join(question.choices),
        "severity": words(SEVERITY_NAMES[Severity(question.severity)]) if question.severity else gettext("不派单"),
        "bucket": words(BUCKETS[Bucket(question.bucket)].name),
        "photo": words(PHOTO_NAMES[question.photo]),
        "clause": question.clause,
    }


@allow(OPERATING_ROLES)
def edition_detail(request: HttpRequest, number: int) -> HttpResponse:
    """One edition: its questions, and what it changed of the one before; ?export=xlsx is the table to change."""
    row = _get(request, number)
    questions = queries.questions_of(row)
    if request.GET.get("export") == "xlsx":
        return _export(request, row, questions)
    before = queries.edition_before(row)
    changes = difference(queries.questions_of(before), questions) if before else []
    names = {"added": gettext("新增"), "changed": gettext("改动"), "removed": gettext("去掉")}
    context = {
        "row": row,
        "state": _standing(row),
        "questions": [_cells(one) for one in questions],
        "before": before,
        "changes": [
            (names[one.what], one.question, [(words(PART_NAMES[part]), old, new) for part, old, new in one.parts])
            for one in changes
        ],
        "made_by": People([row.made_by]).called(row.made_by),
        "may_edit": reader(request).may(*actions.EDITORS, place_path=row.place.path),
        "plan_url": f"{reverse('console:round_plan_new')}?list={row.list_code}",
        "may_plan": reader(request).may(*actions.PLANNERS),
    }
    return render(request, "console/rounds/edition.html", context)


def _export(request: HttpRequest, row: CheckListEdition, questions: tuple[Question, ...]) -> HttpResponse:
    """The table as it is read again; who took it is an audit line, as with every list."""

    def cell(name: str) -> Any:
        def value(one: Question) -> str:
            found = getattr(one, name)
            if isinstance(found, tuple):
                return "、".join(found)
            return "" if found is None else f"{found:g}" if isinstance(found, float) else str(found)

        return value

    with transaction.atomic():
        record(reader(request), "console.export", subject=f"check_list:{row.pk}", details={"rows": len(questions)})
    columns = tuple(exports.Column(head, cell(name)) for name, head in COLUMNS.items())
    content = exports.workbook(row.name, columns, questions, demo=settings.BUDAYANG.demo)
    answer = HttpResponse(content, content_type=XLSX)
    answer["Content-Disposition"] = content_disposition_header(True, f"{row.list_code}.xlsx") or "attachment"
    return answer


@allow(EDITORS)
def edition_new(request: HttpRequest) -> HttpResponse:
    """Write a new edition, or one that has not begun anew; `?after=` fills in what the edition before said."""
    actor, now = reader(request), timezone.now()
    initial: dict[str, Any] = {}
    wanted = request.GET.get("after", "")
    if wanted.isdecimal():
        old = _get(request, int(wanted))
        initial = {"place": old.place_id, "code": old.list_code, "name": old.name, "basis": old.basis}
    form = EditionForm(actor, request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            row = actions.write_edition(
                actor, place=found["place"], code=found["code"], name=found["name"], basis=found["basis"],
                rows=form.rows(), valid_from=found["valid_from"], now=now, today=timezone.localdate(now),
            )  # fmt: skip
        except (Refused, BadUpload) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, gettext("已保存，到那天生效。"))
            return redirect("console:check_list", number=row.pk)
    context = {"title": gettext("检查表的新版本"), "form": form, "back_url": reverse("console:check_lists")}
    return render(request, "console/rounds/edition_new.html", context, status=422 if request.method == "POST" else 200)


@allow(EDITORS)
def adopt(request: HttpRequest) -> HttpResponse:
    """Put the lists that ship in force for a place."""
    actor, now = reader(request), timezone.now()
    form = AdoptForm(actor, request.POST or None)
    if request.method == "POST" and form.is_valid():
        place = form.cleaned_data["place"]
        try:
            done = actions.adopt_check_lists(actor, place, now=now, today=timezone.localdate(now))
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, gettext("已采用 %(n)d 份检查表，今天起生效。") % {"n": done})
            return redirect("console:check_lists")
    context = {
        "title": gettext("采用随平台提供的检查表"),
        "note": gettext("那里已经有的检查表不动。采用后可以按本地要求写新版本。"),
        "form": form,
        "submit": gettext("采用"),
        "back_url": reverse("console:check_lists"),
        "back_word": gettext("检查表"),
    }
    return render(request, "console/form.html", context, status=422 if request.method == "POST" else 200)


class AdoptForm(forms.Form):
    """Where the lists that ship come into force."""

    place: forms.ModelChoiceField[Place] = forms.ModelChoiceField(
        Place.objects.none(), label=_("范围"), empty_label=_("请选择"), help_text=_("这里和它下面的自助区都用。")
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = self.fields["place"]
        assert isinstance(places, forms.ModelChoiceField)
        places.queryset = platform.places_visible_to(actor)


urlpatterns = [
    path("check-lists/", edition_list, name="check_lists"),
    path("check-lists/new/", edition_new, name="check_list_new"),
    path("check-lists/adopt/", adopt, name="check_lists_adopt"),
    path("check-lists/<int:number>/", edition_detail, name="check_list"),
]
