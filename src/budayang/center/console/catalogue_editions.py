"""The way of a new edition: upload, see the differences or every faulty cell, adopt whole or drop; older editions."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.console.listing import XLSX, Action, Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.platform.access import ANY_STAFF, allow
from budayang.center.platform.actions import record
from budayang.center.platform.actors import Role
from budayang.center.platform.models import Work
from budayang.center.platform.uploads import BadUpload
from budayang.center.platform.wording import words
from budayang.center.services import catalogue_actions as actions
from budayang.center.services import catalogue_queries as queries
from budayang.center.services.catalogue import BY_KEY, COLUMNS, REQUIRED
from budayang.center.services.catalogue_sheets import cell_name, file_of
from budayang.center.services.item_words import mark_word
from budayang.center.services.models import CatalogueEdition, EditionChange, EditionFault
from budayang.center.services.rights import may_catalogue
from budayang.rules.catalogue import CODE_KINDS, CODE_RULES, FIELDS

KEEPERS = frozenset({Role.SUPERVISOR})
STATES: dict[str, tuple[Tone, Any]] = {
    "checking": ("hand", gettext_lazy("正在比对")),
    "refused": ("stop", gettext_lazy("有错误，不能采用")),
    "ready": ("warn", gettext_lazy("待采用")),
    "adopted": ("ok", gettext_lazy("已采用")),
    "dropped": ("ask", gettext_lazy("已丢弃")),
}
CHANGE_STATES: dict[str, tuple[Tone, Any]] = {
    "new": ("ok", gettext_lazy("新增")),
    "changed": ("warn", gettext_lazy("有改动")),
    "gone": ("stop", gettext_lazy("停用")),
    "same": ("ask", gettext_lazy("不变")),
}
LIVE_WORK = (Work.State.WAITING, Work.State.RUNNING)
FIELDS_SHOWN = 6
_MARKS = frozenset(one.mark for one in FIELDS)


class UploadForm(forms.Form):
    """A table of items, where it is from, and how it is to be read."""

    table = forms.FileField(
        label=gettext_lazy("XLSX 或 CSV 文件"),
        help_text=gettext_lazy("最大 5 MB，2 万行。CSV 可以是 UTF-8 或 GB 18030。上传后先看差异，不会直接改目录。"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={"required": gettext_lazy("请选一个 XLSX 或 CSV 文件。")},
    )
    name = forms.CharField(
        label=gettext_lazy("版本名称"),
        max_length=80,
        help_text=gettext_lazy("例如：2026 年 11 月鄂尔多斯市自助事项目录。"),
    )
    source = forms.CharField(
        label=gettext_lazy("来源"),
        max_length=160,
        help_text=gettext_lazy("谁、哪份文件给的，例如：市政务服务中心，鄂政务发〔2026〕8 号附件。"),
    )
    whole = forms.ChoiceField(
        label=gettext_lazy("表里有什么"),
        choices=[
            ("1", gettext_lazy("完整的目录：表里没有的事项停用")),
            ("0", gettext_lazy("只是一部分：表里没有的事项不动")),
        ],
        widget=forms.RadioSelect,
        initial="1",
    )

    def __init__(self, *args: Any, rules: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(rule.key, f"{words(rule.title)}：{words(rule.help)}") for rule in CODE_RULES]
        for kind, title in CODE_KINDS.items():
            label = _("%(kind)s的规则") % {"kind": words(title)}
            self.fields[f"rule_{kind}"] = forms.ChoiceField(label=label, choices=choices, initial=rules[kind])

    def rules(self) -> dict[str, str]:
        return {kind: self.cleaned_data[f"rule_{kind}"] for kind in CODE_KINDS}


def edition_state(edition: CatalogueEdition) -> State:
    """Where an edition stands, as word and shape."""
    tone, word = STATES[edition.state]
    return State(tone, str(word))


@allow(ANY_STAFF)
def editions(request: HttpRequest) -> HttpResponse:
    """Editions and proposals, newest first."""
    buttons = []
    if may_catalogue(reader(request)):
        buttons.append(Action(reverse("console:catalogue_import"), _("导入新版"), primary=True))
    found = queries.editions()
    if not may_catalogue(reader(request)):
        found = found.filter(state="adopted")
    return listing(
        request,
        title=_("目录版本"),
        columns=(
            Column("name", _("名称"), lambda row: row.name, "name"),
            Column("number", _("版次"), lambda row: row.number, "number", "number"),
            Column("state", _("状态"), edition_state, "state", "state"),
            Column("source", _("来源"), lambda row: row.source, "source"),
            Column("counts", _("新增、改动、停用"), _counts_word),
            Column("by", _("导入人"), lambda row: row.imported_by, "imported_by"),
            Column("at", _("导入时间"), lambda row: row.imported_at, "imported_at", "moment"),
            Column("adopted", _("采用时间"), lambda row: row.adopted_at, "adopted_at", "moment"),
        ),
        queryset=found,
        filters=(Filter("state", _("状态"), _states, lambda rows, value: rows.filter(state=value)),),
        search=("name", "source", "file_name"),
        default_sort="-at",
        row_url=lambda row: reverse("console:catalogue_edition", args=[row.pk]),
        empty=_("还没有导入过目录。"),
        export_name="catalogue-editions",
        actions=buttons,
        note=_("每次采用记为一版，事项以前是什么样都能查到。"),
    )


def _states() -> list[tuple[str, str]]:
    return [(state, str(word)) for state, (_tone, word) in STATES.items()]


def _counts_word(edition: CatalogueEdition) -> str:
    counts = edition.counts
    return f"{counts['new']} / {counts['changed']} / {counts['gone']}" if counts else ""


@allow(KEEPERS)
def catalogue_import(request: HttpRequest) -> HttpResponse:
    """Upload a table. What was typed stays when the file cannot be read; the file itself must be chosen again."""
    form = UploadForm(request.POST or None, request.FILES or None, rules=actions.default_rules())
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            edition = actions.bring_edition(
                reader(request),
                given["table"].read(),
                file_name=given["table"].name,
                name=given["name"],
                source=given["source"],
                whole=given["whole"] == "1",
                code_rules=form.rules(),
                now=timezone.now(),
                is_demo=settings.BUDAYANG.demo,
            )
        except BadUpload as bad:
            form.add_error("table", str(bad))
        else:
            return redirect("console:catalogue_edition", edition_id=edition.pk)
    if form.is_bound and "table" not in form.errors and request.FILES:
        form.add_error("table", _("请再选一次文件：浏览器不会替您记住它。"))
    columns = [(column.key, words(column.title), column.key in REQUIRED) for column in COLUMNS]
    context = {"form": form, "columns": columns}
    return render(request, "console/catalogue/import.html", context, status=422 if form.is_bound else 200)


def _edition(request: HttpRequest, edition_id: int) -> CatalogueEdition:
    found = queries.editions().filter(pk=edition_id).first()
    if found is None or (found.state != "adopted" and not may_catalogue(reader(request))):
        raise Http404
    return found


@allow(ANY_STAFF)
def edition(request: HttpRequest, edition_id: int) -> HttpResponse:
    """One edition: what it does item by item, or each cell that cannot be read; and what can be done with it now."""
    found = _edition(request, edition_id)
    work = queries.work_of(found)
    context: dict[str, Any] = {
        "edition": found,
        "state": edition_state(found),
        "work": work,
        "busy": work is not None and work.state in LIVE_WORK,
        "counts": found.counts,
        "figures": [(key, word, found.counts.get(key, 0)) for key, word in _change_choices()],
        "stale": found.state == "ready" and found.revision != queries.revision(),
        "keeps": may_catalogue(reader(request)),
        "rules": [(words(CODE_KINDS[kind]), _rule_word(found, kind)) for kind in CODE_KINDS],
    }
    if found.state == "refused":
        return _faults(request, found, context)
    return _changes(request, found, context)


def _rule_word(found: CatalogueEdition, kind: str) -> str:
    return next((words(rule.title) for rule in CODE_RULES if rule.key == found.code_rules.get(kind)), "")


def _changes(request: HttpRequest, found: CatalogueEdition, context: dict[str, Any]) -> HttpResponse:
    rows = queries.changes_of(found)
    if not request.GET.get("change"):
        rows = rows.exclude(change="same")
    return listing(
        request,
        title=found.name,
        columns=(
            Column("name", _("事项"), lambda row: row.name, "name"),
            Column("code", _("编码"), lambda row: row.code, "code", "code"),
            Column("department", _("部门"), lambda row: row.department, "department"),
            Column("change", _("差异"), _change_state, "change", "state"),
            Column("fields", _("改了什么"), _fields_word),
            Column("cautions", _("请留意"), lambda row: "；".join(row.cautions)),
            Column("line", _("表中行"), lambda row: row.line, "line", "number"),
        ),
        queryset=rows,
        filters=(
            Filter("change", _("差异"), _change_choices, _by_change),
            Filter(
                "caution", _("请留意"), lambda: [("1", _("有要留意的"))], lambda rows, _v: rows.exclude(cautions=[])
            ),
        ),
        search=("name", "code", "department"),
        default_sort="code",
        row_url=lambda row: reverse("console:catalogue_change", args=[found.pk, row.pk]),
        empty=_("和现行目录相比没有差异。"),
        export_name=f"catalogue-{found.pk}-changes",
        template="console/catalogue/edition.html",
        extra=context,
    )


def _change_choices() -> list[tuple[str, str]]:
    return [(key, str(word)) for key, (_tone, word) in CHANGE_STATES.items()]


def _by_change(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(change=value)


def _change_state(row: EditionChange) -> State:
    tone, word = CHANGE_STATES[row.change]
    return State(tone, str(word))


def _fields_word(row: EditionChange) -> str:
    """收费：0 → 10元；…, the first few."""
    found = [
        _("%(title)s：%(old)s → %(new)s")
        % {"title": words(BY_KEY[key].title), "old": _short(said(key, old)), "new": _short(said(key, new))}
        for key, old, new in row.fields[:FIELDS_SHOWN]
        if key in BY_KEY
    ]
    more = len(row.fields) - FIELDS_SHOWN
    return "；".join(found) + (_("；另有 %(n)d 处") % {"n": more} if more > 0 else "")


def said(key: str, text: str) -> str:
    """A cell as a reader reads it: marks in words."""
    return mark_word(text) if key in _MARKS and text else text


def _short(text: str) -> str:
    plain = " ".join(text.split()) or _("（空）")
    return plain if len(plain) <= 40 else plain[:39] + "…"


def _faults(request: HttpRequest, found: CatalogueEdition, context: dict[str, Any]) -> HttpResponse:
    return listing(
        request,
        title=found.name,
        columns=(
            Column("cell", _("哪一格"), lambda row: cell_name(row.line, row.letter, row.title), "line"),
            Column("message", _("怎么改"), lambda row: row.message, "message"),
            Column("value", _("现在写的"), lambda row: _short(row.value) if row.value else ""),
            Column("line", _("行"), lambda row: row.line, "line", "number"),
            Column("letter", _("列"), lambda row: row.letter, "letter"),
        ),
        queryset=queries.faults_of(found),
        filters=(
            Filter("title", _("栏目"), lambda: _fault_titles(found), lambda rows, value: rows.filter(title=value)),
        ),
        search=("message", "value", "title"),
        default_sort="line",
        row_url=None,
        empty=_("没有错误。"),
        export_name=f"catalogue-{found.pk}-faults",
        template="console/catalogue/edition.html",
        extra=context,
    )


def _fault_titles(found: CatalogueEdition) -> list[tuple[str, str]]:
    titles = EditionFault.objects.filter(edition=found).order_by("title").values_list("title", flat=True).distinct()
    return [(title, words(title)) for title in titles if title]


@allow(ANY_STAFF)
def edition_progress(request: HttpRequest, edition_id: int) -> HttpResponse:
    """How far a long comparison or adoption is; fetched each second while it runs."""
    found = _edition(request, edition_id)
    work = queries.work_of(found)
    busy = work is not None and work.state in LIVE_WORK
    answer = render(request, "console/catalogue/_progress.html", {"edition": found, "work": work, "busy": busy})
    if not busy:
        answer["HX-Refresh"] = "true"
    return answer


@allow(ANY_STAFF)
def change(request: HttpRequest, edition_id: int, change_id: int) -> HttpResponse:
    """One item of an edition: field by field, before and after."""
    found = _edition(request, edition_id)
    row = queries.changes_of(found).filter(pk=change_id).first()
    if row is None:
        raise Http404
    fields = [
        (words(BY_KEY[key].title), said(key, old), said(key, new)) for key, old, new in row.fields if key in BY_KEY
    ]
    context = {"edition": found, "row": row, "state": _change_state(row), "fields": fields}
    return render(request, "console/catalogue/change.html", context)


@allow(KEEPERS)
@require_POST
def edition_act(request: HttpRequest, edition_id: int, what: str) -> HttpResponse:
    """Adopt, compare again, cancel what runs, or drop."""
    found, actor, now = _edition(request, edition_id), reader(request), timezone.now()
    if what == "adopt":
        done = actions.adopt_edition(actor, found.pk, now)
        if done.state == "adopted":
            messages.success(request, _("已采用为第 %(n)d 版，终端和公众页面随即更新。") % {"n": done.number or 0})
    elif what == "check":
        actions.check_again(actor, found.pk, now)
    elif what == "cancel":
        actions.cancel_edition(actor, found.pk, now)
        messages.success(request, _("已请求取消，目录没有改动。"))
    elif what == "drop":
        actions.drop_edition(actor, found.pk, now)
        messages.success(request, _("已丢弃，目录没有改动。"))
    else:
        raise Http404
    return redirect("console:catalogue_edition", edition_id=found.pk)


@allow(ANY_STAFF)
def edition_export(request: HttpRequest, edition_id: int, kind: str) -> HttpResponse:
    """The whole catalogue as it was when an edition came into force: a file that imports without a difference."""
    found = _edition(request, edition_id)
    if found.adopted_at is None or kind not in {"xlsx", "csv"}:
        raise Http404
    return _file(request, kind, queries.rows_at(found.adopted_at), f"catalogue-{found.number}")


@allow(ANY_STAFF)
def catalogue_export(request: HttpRequest, kind: str) -> HttpResponse:
    """The catalogue in force, departments' corrections included."""
    if kind not in {"xlsx", "csv"}:
        raise Http404
    return _file(request, kind, queries.rows_at(timezone.now()), "catalogue")


def _file(request: HttpRequest, kind: str, rows: list[dict[str, Any]], name: str) -> HttpResponse:
    with transaction.atomic():
        details = {"format": kind, "rows": len(rows)}
        record(reader(request), "console.export", subject=f"list:{name}", details=details)
    content = file_of(cast(Any, kind), rows, demo=settings.BUDAYANG.demo)
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8" if kind == "csv" else XLSX)
    answer["Content-Disposition"] = content_disposition_header(True, f"{name}.{kind}") or "attachment"
    answer["Cache-Control"] = "no-store"
    return answer


@allow(KEEPERS)
def catalogue_template(request: HttpRequest) -> HttpResponse:
    """An empty table with all heads."""
    return _file(request, "xlsx", [], "catalogue-template")


urlpatterns = [
    path("catalogue/", editions, name="catalogue_editions"),
    path("catalogue/import/", catalogue_import, name="catalogue_import"),
    path("catalogue/import/template.xlsx", catalogue_template, name="catalogue_template"),
    path("catalogue/file.<str:kind>", catalogue_export, name="catalogue_export"),
    path("catalogue/<int:edition_id>/", edition, name="catalogue_edition"),
    path("catalogue/<int:edition_id>/progress/", edition_progress, name="catalogue_progress"),
    path("catalogue/<int:edition_id>/file.<str:kind>", edition_export, name="catalogue_edition_export"),
    path("catalogue/<int:edition_id>/items/<int:change_id>/", change, name="catalogue_change"),
    path("catalogue/<int:edition_id>/<slug:what>/", edition_act, name="catalogue_act"),
]
