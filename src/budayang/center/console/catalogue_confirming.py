"""A department's own page: which of its items still wait for its word, and one item to confirm or correct by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.console.catalogue import mark_state, way_state
from budayang.center.console.listing import Action, Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.platform import queries as platform
from budayang.center.platform.access import ANY_STAFF, allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Role
from budayang.center.platform.wording import words
from budayang.center.services import field_actions, queries
from budayang.center.services.catalogue import BY_KEY, values_of
from budayang.center.services.catalogue_sheets import as_text
from budayang.center.services.field_actions import BadFields
from budayang.center.services.item_words import Shown, shown_fields
from budayang.center.services.models import Department, Item
from budayang.center.services.rights import may_catalogue, may_confirm
from budayang.rules.catalogue import AUDIENCES, FIELDS, LIVE_WORDS, OUTPUT_KINDS, OUTPUT_MEDIA, WHO_WORDS, Field, Mark
from budayang.rules.services import AfterHours

CONFIRMERS = frozenset({Role.SUPERVISOR, Role.OWNER_UNIT})
LONG = frozenset({"summary", "materials", "steps", "output"})
CHOICES: Mapping[str, tuple[str, ...]] = {
    "who_acts": ("", *WHO_WORDS),
    "after_hours": tuple(word.value for word in AfterHours),
    "output_kind": ("", *OUTPUT_KINDS.values()),
    "output_medium": ("", *OUTPUT_MEDIA.values()),
    "needs_live_system": LIVE_WORDS,
    "audience": AUDIENCES,
}


@dataclass(frozen=True, slots=True)
class Input:
    """One box of a correction. `choices` empty: words; `long`: several lines; `flag`: needed or not."""

    name: str
    title: str
    text: str
    error: str
    choices: tuple[tuple[str, str], ...] = ()
    long: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A field of the form: what stands, how it is known, what the person answered."""

    shown: Shown
    state: State
    answer: str
    inputs: tuple[Input, ...]

    @property
    def bad(self) -> bool:
        return any(one.error for one in self.inputs)


def _department(code: str) -> Department:
    found = Department.objects.select_related("organization").filter(code=code).first()
    if found is None:
        raise Http404
    return found


@allow(ANY_STAFF)
def department_items(request: HttpRequest, code: str) -> HttpResponse:
    """A department's items, those with the most open fields first."""
    department = _department(code)
    mine = may_confirm(reader(request), department)
    rows = queries.items().filter(department=department)
    waiting = rows.filter(open_fields__gt=0).count()
    body = department.organization
    note = _("%(n)d 个事项还有未核实的栏目。") % {"n": waiting} if waiting else _("全部栏目都已核实或确认。")
    if body is None:
        note += _("这个部门还没有关联单位，它的人还不能登录确认。")
    buttons = [Action(reverse("console:department_hours", args=[code]), _("办理时间"))]
    if may_link(request):
        buttons.append(Action(reverse("console:department_body", args=[code]), _("关联单位")))
    return listing(
        request,
        title=_("%(name)s的事项") % {"name": department.name},
        columns=(
            Column("name", _("事项"), lambda row: row.name, "name"),
            Column("code", _("编码"), lambda row: row.code, "code", "code"),
            Column("way", _("在哪里办"), way_state, "driven", "state"),
            Column("open", _("未核实栏目数"), lambda row: row.open_fields, "open_fields", "number"),
            Column("fields", _("哪些栏目"), _open_words),
            Column("confirmed", _("部门已确认"), _confirmed_words),
        ),
        queryset=rows,
        filters=(
            Filter(
                "standing",
                _("核实"),
                lambda: [("open", _("有未核实的栏目")), ("done", _("全部已核实或确认"))],
                lambda found, value: found.filter(Q(open_fields__gt=0) if value == "open" else Q(open_fields=0)),
            ),
        ),
        search=("name", "code"),
        default_sort="-open",
        row_url=lambda row: reverse("console:item_confirm" if mine else "console:item", args=[row.code]),
        empty=_("这个部门没有符合条件的事项。"),
        export_name=f"items-{code}",
        topic="services",
        actions=buttons,
        note=note,
    )


def _open_words(item: Item) -> str:
    return "、".join(one.title for one in shown_fields(item) if one.lines and one.mark == Mark.UNVERIFIED)


def _confirmed_words(item: Item) -> str:
    return "、".join(one.title for one in shown_fields(item) if one.mark == Mark.CONFIRMED)


@allow(CONFIRMERS)
def item_confirm(request: HttpRequest, code: str) -> HttpResponse:
    """Confirm or correct one item field by field. A refused form keeps every answer and every word typed."""
    item = Item.objects.select_related("department__organization").filter(code=code, in_force=True).first()
    if item is None or not may_confirm(reader(request), item.department):
        raise Http404
    errors: dict[str, str] = {}
    problem = ""
    if request.method == "POST":
        answers = _answers(request)
        try:
            field_actions.confirm_fields(
                reader(request),
                code,
                answers,
                confirmed_by=request.POST.get("confirmed_by", ""),
                seen=_number(request.POST.get("seen", "")),
                now=timezone.now(),
            )
        except BadFields as bad:
            errors = bad.errors
            problem = _("有 %(n)d 处更正看不懂，什么也没有保存。") % {"n": len(errors)}
        except Refused as refused:
            problem = str(refused)
        else:
            return _next(request, item, len(answers))
    rows = [_row(one, shown, item, request.POST, errors) for one, shown in zip(FIELDS, shown_fields(item), strict=True)]
    context = {
        "item": item,
        "rows": rows,
        "problem": problem,
        "seen": field_actions.open_version_id(code) or "",
        "confirmed_by": request.POST.get("confirmed_by", ""),
        "hours": [row for row in queries.hours_of(item.department.code) if row.item_id in (None, item.pk)],
        "left": _waiting(item.department).exclude(pk=item.pk).count(),
    }
    return render(request, "console/catalogue/confirm.html", context, status=422 if problem else 200)


def _waiting(department: Department) -> Any:
    return queries.items().filter(department=department, open_fields__gt=0)


def _next(request: HttpRequest, item: Item, count: int) -> HttpResponse:
    messages.success(request, _("“%(name)s”已记录 %(n)d 栏，随即生效。") % {"name": item.name, "n": count})
    if request.POST.get("then") == "next":
        following = _waiting(item.department).filter(code__gt=item.code).first() or _waiting(item.department).first()
        if following is not None and following.code != item.code:
            return redirect("console:item_confirm", code=following.code)
    return redirect("console:department_items", code=item.department.code)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _answers(request: HttpRequest) -> dict[str, Mapping[str, str] | None]:
    """Field -> None for 无误, or the typed corrections; what was left open is not among them."""
    found: dict[str, Mapping[str, str] | None] = {}
    for one in FIELDS:
        answer = request.POST.get(f"answer_{one.key}", "")
        if answer == "right":
            found[one.key] = None
        elif answer == "correct":
            found[one.key] = {column: request.POST.get(column, "") for column in one.columns}
    return found


def _row(one: Field, shown: Shown, item: Item, posted: Mapping[str, str], errors: Mapping[str, str]) -> Row:
    values = values_of(item)
    inputs = tuple(
        Input(
            name=column,
            title=words(BY_KEY[column].title),
            text=posted.get(column, as_text(column, values[column])),
            error=errors.get(column, ""),
            choices=_choices(column),
            long=column in LONG,
        )
        for column in one.columns
    )
    return Row(shown, mark_state(shown.mark), posted.get(f"answer_{one.key}", ""), inputs)


def _choices(column: str) -> tuple[tuple[str, str], ...]:
    if column.startswith("hw_") and column != "hw_other":
        return (("0", _("不需要")), ("1", _("需要")))
    return tuple((word, words(word) if word else _("没有写")) for word in CHOICES.get(column, ()))


def may_link(request: HttpRequest) -> bool:
    """Whether this reader says which body stands behind a department."""
    return reader(request).may(Role.SYSTEM_ADMIN) or may_catalogue(reader(request))


@allow(Role.SUPERVISOR, Role.SYSTEM_ADMIN)
def department_body(request: HttpRequest, code: str) -> HttpResponse:
    """Say which body stands behind a department, so that its people can confirm."""
    department = _department(code)
    if not may_link(request):
        raise Http404
    bodies = list(platform.organizations_visible_to(reader(request)).order_by("name"))
    if request.method == "POST":
        chosen = _number(request.POST.get("body", ""))
        if chosen is not None and chosen not in {body.pk for body in bodies}:
            raise Http404
        field_actions.link_department(reader(request), code, chosen)
        messages.success(request, _("已关联。这个单位的人现在可以确认办理时间和事项栏目。"))
        return redirect("console:department_items", code=code)
    context = {"department": department, "bodies": bodies}
    return render(request, "console/catalogue/body.html", context)


urlpatterns = [
    path("departments/<str:code>/items/", department_items, name="department_items"),
    path("departments/<str:code>/body/", department_body, name="department_body"),
    path("items/<str:code>/confirm/", item_confirm, name="item_confirm"),
]
