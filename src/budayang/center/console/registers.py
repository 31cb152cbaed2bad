"""Pages of the append-only registers behind the ledgers: 值班日志, 培训, 视频调阅."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.areas.models import Area
from budayang.center.console.forms import MomentField
from budayang.center.console.incidents import places
from budayang.center.console.listing import Action, Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.maintenance import book_actions
from budayang.center.maintenance.models import DutyEntry, Training, VideoViewing
from budayang.center.maintenance.models.books import BookEntry
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden, Role
from budayang.center.platform.wording import words
from budayang.rules.ledgers import AUTHORITY_KINDS, DUTY_KINDS, LOOK_REASONS, TRAINING_KINDS

KEEPERS = frozenset(book_actions.KEEPERS)
READERS = KEEPERS | {Role.INSPECTOR}


def choices(names: dict[str, str]) -> Callable[[], list[tuple[str, str]]]:
    """The words of a table in the reader's language, when a page asks."""
    return lambda: [(code, words(word)) for code, word in names.items()]


class EntryForm(forms.Form):
    """What every register asks: where and when."""

    area: forms.ModelChoiceField[Area] = forms.ModelChoiceField(
        areas.visible_to(Actor.system()), label=_("自助区"), empty_label=_("请选择")
    )
    at = MomentField(label=_("时间"))
    why = forms.CharField(label=_("为什么更正"), max_length=200)
    field_order = ["area", "at"]

    def __init__(self, actor: Actor, corrects: BookEntry | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area = self.fields["area"]
        assert isinstance(area, forms.ModelChoiceField)
        area.queryset = areas.visible_to(actor)
        if corrects is None:
            del self.fields["why"]
        else:
            area.disabled = True
            self.order_fields(["why"])


class DutyForm(EntryForm):
    """值班日志."""

    kind = forms.ChoiceField(label=_("哪一类"), choices=choices(DUTY_KINDS))
    text = forms.CharField(
        label=_("情况"), max_length=600, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("台账会打印，不要写群众的姓名、身份证号和电话。"),
    )  # fmt: skip


class TrainingForm(EntryForm):
    """培训记录."""

    kind = forms.ChoiceField(label=_("哪一类"), choices=choices(TRAINING_KINDS))
    subject = forms.CharField(label=_("培训内容"), max_length=80)
    minutes = forms.IntegerField(label=_("时长（分钟）"), min_value=1, max_value=1440)
    teacher = forms.CharField(label=_("讲课人"), max_length=80)
    present = forms.IntegerField(label=_("参加人数"), min_value=1, max_value=10_000)
    people = forms.CharField(label=_("参加人"), max_length=600, widget=forms.Textarea(attrs={"rows": 3}))
    result = forms.CharField(label=_("考核结果"), max_length=300, required=False)


class ViewingForm(EntryForm):
    """视频调阅登记."""

    camera = forms.CharField(label=_("摄像机"), max_length=120, help_text=_("写编号或位置，例如：门厅 2 号。"))
    from_at = MomentField(label=_("录像从"))
    to_at = MomentField(label=_("录像到"))
    authority = forms.ChoiceField(label=_("凭什么调阅"), choices=choices(AUTHORITY_KINDS))
    paper = forms.CharField(label=_("文号"), max_length=80, required=False, help_text=_("介绍信、通知书、申请的编号。"))
    approved_by = forms.CharField(label=_("批准人"), max_length=40)
    unit = forms.CharField(label=_("调阅单位"), max_length=80)
    viewer = forms.CharField(label=_("调阅人姓名"), max_length=40, help_text=_("加密保存，台账里只见姓。"))
    document = forms.CharField(label=_("证件和号码"), max_length=40, required=False, help_text=_("加密保存，不打印。"))
    purpose = forms.CharField(label=_("事由"), max_length=200)
    result = forms.CharField(label=_("结果"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    copied = forms.BooleanField(label=_("拷贝了录像"), required=False)


@dataclass(frozen=True, slots=True)
class Register:
    """One register: its rows, form, columns and the action that writes it."""

    key: str
    title: str | Promise
    note: str | Promise
    empty: str | Promise
    model: type[BookEntry]
    form: type[EntryForm]
    write: Callable[..., BookEntry]
    columns: Callable[[], tuple[Column, ...]]
    search: tuple[str, ...]
    hidden: tuple[str, ...] = ()
    """Fields that a correction asks anew, because they are sealed."""


def _duty_columns() -> tuple[Column, ...]:
    return (
        Column("kind", _t("哪一类"), lambda row: words(DUTY_KINDS[row.kind]), sort="kind"),
        Column("text", _t("情况"), lambda row: row.text),
    )


def _training_columns() -> tuple[Column, ...]:
    return (
        Column("kind", _t("哪一类"), lambda row: words(TRAINING_KINDS[row.kind]), sort="kind"),
        Column("subject", _t("培训内容"), lambda row: row.subject, sort="subject"),
        Column("minutes", _t("时长（分钟）"), lambda row: row.minutes, sort="minutes", kind="number"),
        Column("teacher", _t("讲课人"), lambda row: row.teacher),
        Column("present", _t("参加人数"), lambda row: row.present, sort="present", kind="number"),
        Column("result", _t("考核结果"), lambda row: row.result),
    )


def _viewing_columns() -> tuple[Column, ...]:
    return (
        Column("camera", _t("摄像机"), lambda row: row.camera, sort="camera"),
        Column("from", _t("录像从"), lambda row: row.from_at, sort="from_at", kind="moment"),
        Column("to", _t("录像到"), lambda row: row.to_at, sort="to_at", kind="moment"),
        Column("unit", _t("调阅单位"), lambda row: row.unit, sort="unit"),
        Column("viewer", _t("调阅人"), lambda row: row.viewer_mark),
        Column("authority", _t("凭什么调阅"), lambda row: words(AUTHORITY_KINDS[row.authority]), sort="authority"),
        Column("purpose", _t("事由"), lambda row: row.purpose),
        Column("result", _t("结果"), lambda row: row.result),
    )


REGISTERS: dict[str, Register] = {
    one.key: one
    for one in (
        Register(
            "duty-log", _("值班日志"),
            _("值班时值得记下的事；交接班另有页面。写下就不能改，写错了写一条更正，两条都留着。"),
            _("还没有日志。点“记一条”。"), DutyEntry, DutyForm, book_actions.write_duty, _duty_columns, ("text", "by"),
        ),
        Register(
            "trainings", _("培训记录"), _("每次培训和演练一条。写下就不能改，写错了写一条更正，两条都留着。"),
            _("还没有培训记录。点“记一条”。"), Training, TrainingForm, book_actions.write_training, _training_columns,
            ("subject", "teacher", "by"),
        ),
        Register(
            "viewings", _("视频调阅登记"),
            _("谁、凭什么、看了哪一段、为什么、结果。录像不在平台保存；调阅人的姓名和证件号加密保存。"),
            _("还没有调阅登记。有人看过录像就点“记一条”。"), VideoViewing, ViewingForm, book_actions.write_viewing,
            _viewing_columns, ("camera", "unit", "purpose"), ("viewer", "document"),
        ),
    )
}  # fmt: skip


def _register(key: str) -> Register:
    try:
        return REGISTERS[key]
    except KeyError as error:
        raise Http404 from error


def _standing(row: Any) -> State:
    later = getattr(row, "corrected_by", None)
    if later is not None:
        return State("ask", _t("已由第 %(n)s 号更正") % {"n": later.pk})
    if row.corrects_id is not None:
        return State("warn", _t("更正第 %(n)s 号：%(why)s") % {"n": row.corrects_id, "why": row.why})
    return State("ok", _t("有效"))


@allow(READERS)
def register_list(request: HttpRequest, register: str) -> HttpResponse:
    """The entries, the newest first, with what corrects what."""
    kind, actor = _register(register), reader(request)
    keeps = actor.may(*book_actions.KEEPERS)
    return listing(
        request,
        title=str(kind.title),
        note=str(kind.note),
        columns=(
            Column("at", _t("时间"), lambda row: row.at, sort="at", kind="moment"),
            Column("number", _t("号"), lambda row: row.pk, sort="pk", kind="number"),
            Column("area", _t("自助区"), lambda row: row.area.name, sort="area__name"),
            *kind.columns(),
            Column("by", _t("记录人"), lambda row: row.by, sort="by"),
            Column("standing", _t("更正"), _standing, kind="state"),
        ),
        queryset=book_actions.entries_visible_to(actor, kind.model),
        filters=(
            Filter(
                "place",
                _t("地区"),
                lambda: places(actor),
                lambda rows, v: rows.filter(area__place__path__startswith=v),
            ),
        ),
        search=kind.search,
        default_sort="-at",
        row_url=lambda row: reverse("console:register_entry", args=[kind.key, row.pk]),
        empty=str(kind.empty),
        export_name=str(kind.title),
        actions=(
            *((Action(reverse("console:register_new", args=[kind.key]), _t("记一条"), primary=True),) if keeps else ()),
            Action(reverse("console:ledgers"), _t("台账")),
        ),
    )


def _entry(request: HttpRequest, kind: Register, pk: int) -> BookEntry:
    row = book_actions.entries_visible_to(reader(request), kind.model).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@allow(READERS)
def register_entry(request: HttpRequest, register: str, pk: int) -> HttpResponse:
    """One entry with everything in it, and the way to correct it."""
    kind, actor = _register(register), reader(request)
    row = _entry(request, kind, pk)
    form = kind.form(actor, None, initial=_initial(kind, row))
    facts = [(field.label, _shown(field, row)) for field in form if field.name not in ("area", "why", *kind.hidden)]
    context = {
        "kind": kind,
        "row": row,
        "facts": facts,
        "standing": _standing(row),
        "later": getattr(row, "corrected_by", None),
        "may_correct": actor.may(*book_actions.KEEPERS, place_path=row.area.place.path)
        and getattr(row, "corrected_by", None) is None,
        "may_look": isinstance(row, VideoViewing) and actor.may(*book_actions.KEEPERS, place_path=row.area.place.path),
        "reasons": choices(LOOK_REASONS)(),
    }
    return render(request, "console/ledgers/entry.html", context)


def _shown(field: forms.BoundField, row: BookEntry) -> object:
    value = getattr(row, field.name)
    if isinstance(field.field, forms.ChoiceField):
        return dict(field.field.choices).get(value, value)  # type: ignore[arg-type]  # plain pairs here
    if isinstance(value, bool):
        return _t("是") if value else _t("否")
    return value


def _initial(kind: Register, row: BookEntry) -> dict[str, Any]:
    names = [name for name in kind.form.base_fields if name not in ("area", "why", *kind.hidden)]
    return {name: getattr(row, name) for name in names} | {"area": row.area_id}


@allow(KEEPERS)
def register_new(request: HttpRequest, register: str) -> HttpResponse:
    """Write an entry."""
    return _write(request, _register(register), None)


@allow(KEEPERS)
def register_correct(request: HttpRequest, register: str, pk: int) -> HttpResponse:
    """Write an entry that corrects another; both stay."""
    kind = _register(register)
    return _write(request, kind, _entry(request, kind, pk))


def _write(request: HttpRequest, kind: Register, corrects: BookEntry | None) -> HttpResponse:
    now = timezone.now()
    initial = _initial(kind, corrects) if corrects is not None else {"at": timezone.localtime(now)}
    form = kind.form(reader(request), corrects, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        typed = dict(form.cleaned_data)
        area = typed.pop("area")
        try:
            row = kind.write(reader(request), area, now=now, corrects=corrects, **typed)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        except Forbidden:
            form.add_error("area", _t("那里不在您的管理范围内。"))
        else:
            messages.success(request, _t("已记下，第 %(n)s 号。") % {"n": row.pk})
            return redirect("console:register_list", kind.key)
    title = _t("更正第 %(n)s 号") % {"n": corrects.pk} if corrects else f"{_t('记一条')}：{kind.title}"
    back = reverse("console:register_list", args=[kind.key])
    context = {"form": form, "title": title, "note": kind.note, "back_url": back, "back_word": kind.title}
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


@allow(KEEPERS)
@require_POST
def viewing_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Who viewed: shown once, not cached; the look is an audit line."""
    row = _entry(request, REGISTERS["viewings"], pk)
    assert isinstance(row, VideoViewing)
    try:
        found = book_actions.view_viewer(
            reader(request), row, reason=request.POST.get("reason", ""), now=timezone.now()
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("console:register_entry", "viewings", pk)
    facts = [(_t("调阅人姓名"), (found or {}).get("name")), (_t("证件和号码"), (found or {}).get("document"))]
    return person_page(request, facts, reverse("console:register_entry", args=["viewings", pk]))


def person_page(request: HttpRequest, facts: list[tuple[str, str | None]], back: str) -> HttpResponse:
    """What was sealed, for this one answer."""
    shown = [(label, value) for label, value in facts if value]
    answer = render(request, "console/ledgers/person.html", {"facts": shown, "back_url": back})
    answer["Cache-Control"] = "no-store"
    return answer


urlpatterns = [
    path("ledgers/registers/viewings/<int:pk>/person/", viewing_person, name="viewing_person"),
    path("ledgers/registers/<slug:register>/", register_list, name="register_list"),
    path("ledgers/registers/<slug:register>/new/", register_new, name="register_new"),
    path("ledgers/registers/<slug:register>/<int:pk>/", register_entry, name="register_entry"),
    path("ledgers/registers/<slug:register>/<int:pk>/correct/", register_correct, name="register_correct"),
]
