"""Import of regions and areas from CSV or Excel: upload, see what would happen row by row, then load all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budayang.center.areas import actions, imports
from budayang.center.areas.imports import AreaPlan, Check, ImportRefused, RegionPlan
from budayang.center.console.reader import reader
from budayang.center.platform import exports
from budayang.center.platform.access import allow
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.uploads import BadUpload, UploadedRow, UploadedTable

SALT = "console.imports"
PREVIEW_S = 3600
IMPORTERS = frozenset({Role.SUPERVISOR, Role.SYSTEM_ADMIN})


@dataclass(frozen=True, slots=True)
class Import:
    """A kind of table: how to read, check and load it, and an example row for the empty table."""

    key: str
    title: str | Promise
    needs: tuple[str, ...]
    optional: tuple[str, ...]
    example: tuple[str, ...]
    read: Callable[[bytes], UploadedTable]
    check: Callable[[Actor, UploadedTable], Check[Any]]
    load: Callable[[Actor, UploadedTable], tuple[int, int]]
    show: Callable[[Any], tuple[str, ...]]
    heads: tuple[str | Promise, ...]


def _load_areas(actor: Actor, table: UploadedTable) -> tuple[int, int]:
    now = timezone.now()
    return actions.import_areas(actor, table, valid_from=timezone.localdate(now), now=now)


def _show_region(plan: RegionPlan) -> tuple[str, ...]:
    return plan.code, plan.name, plan.parent or "—"


def _show_area(plan: AreaPlan) -> tuple[str, ...]:
    keeper = plan.keeper.name if plan.keeper else "—"
    return plan.code, plan.name, plan.region.name, plan.address or "—", keeper


IMPORTS: dict[str, Import] = {
    one.key: one
    for one in (
        Import(
            key="regions",
            title=gettext_lazy("行政区划"),
            needs=imports.REGION_COLUMNS,
            optional=imports.REGION_OPTIONAL,
            example=("150603", "康巴什区", "150600"),
            read=imports.read_regions,
            check=imports.check_regions,
            load=actions.import_regions,
            show=_show_region,
            heads=(gettext_lazy("代码"), gettext_lazy("名称"), gettext_lazy("上级")),
        ),
        Import(
            key="areas",
            title=gettext_lazy("自助区"),
            needs=imports.AREA_COLUMNS,
            optional=imports.AREA_OPTIONAL,
            example=(
                "KBS2",
                "示例自助区",
                "150603",
                "政务服务中心",
                "示例路 1 号",
                "",
                "",
                "",
                "39.6",
                "109.8",
                "是",
                "全天",
            ),
            read=imports.read_areas,
            check=imports.check_areas,
            load=_load_areas,
            show=_show_area,
            heads=(
                gettext_lazy("代码"),
                gettext_lazy("名称"),
                gettext_lazy("行政区划"),
                gettext_lazy("地址"),
                gettext_lazy("管理员"),
            ),
        ),
    )
}


def _import(key: str) -> Import:
    try:
        return IMPORTS[key]
    except KeyError as error:
        raise Http404 from error


@allow(IMPORTERS)
def import_home(request: HttpRequest) -> HttpResponse:
    """Which table to import."""
    return render(request, "console/imports.html", {"kinds": list(IMPORTS.values())})


@allow(IMPORTERS)
def import_page(request: HttpRequest, key: str) -> HttpResponse:
    """Upload a table and see what it would do; the checked rows travel back signed, so that what was seen is loaded."""
    kind = _import(key)
    context: dict[str, Any] = {"kind": kind}
    if request.method == "POST" and "payload" in request.POST:
        return _confirm(request, kind)
    if request.method == "POST":
        upload = request.FILES.get("table")
        try:
            if upload is None:
                raise BadUpload(_("请选一个 CSV 或 XLSX 文件。"))
            table = kind.read(upload.read())
        except BadUpload as bad:
            context["error"] = str(bad)
            return render(request, "console/import.html", context, status=422)
        check = kind.check(reader(request), table)
        context |= _preview(kind, check)
        context["file_name"] = upload.name
        if not check.errors and check.new:
            rows = [[row.line, row.cells] for row in table.rows]
            context["payload"] = signing.dumps({"kind": key, "rows": rows}, salt=SALT, compress=True)
    return render(request, "console/import.html", context, status=422 if context.get("errors") else 200)


def _preview(kind: Import, check: Check[Any]) -> dict[str, Any]:
    return {
        "checked": True,
        "errors": check.errors[:200],
        "error_count": len(check.errors),
        "known_count": len(check.known),
        "new_count": len(check.new),
        "plans": [(plan.line, kind.show(plan)) for plan in check.new[:200]],
    }


def _confirm(request: HttpRequest, kind: Import) -> HttpResponse:
    """Load what was shown. Checked again: an hour may have passed and a colleague may have been quicker."""
    try:
        kept = signing.loads(request.POST["payload"], salt=SALT, max_age=PREVIEW_S)
    except signing.BadSignature:
        error = _("预览已过期或被改动，请重新上传。什么也没有导入。")
        return render(request, "console/import.html", {"kind": kind, "error": error}, status=422)
    if kept["kind"] != kind.key:
        raise Http404
    table = UploadedTable([UploadedRow(line, cells) for line, cells in kept["rows"]])
    try:
        made, known = kind.load(reader(request), table)
    except ImportRefused as refused:
        context = {"kind": kind, "checked": True, "errors": refused.errors, "error_count": len(refused.errors)}
        return render(request, "console/import.html", context, status=422)
    messages.success(request, _("已导入 %(made)d 条，%(known)d 条原来就有。") % {"made": made, "known": known})
    return redirect("console:areas" if kind.key == "areas" else "console:imports")


@allow(IMPORTERS)
def import_template(request: HttpRequest, key: str) -> HttpResponse:
    """An empty table with one example row."""
    kind = _import(key)
    heads = (*kind.needs, *kind.optional)
    columns = tuple(
        exports.Column(head, lambda row, number=number: row[number])  # type: ignore[misc]  # default binds the number
        for number, head in enumerate(heads)
    )
    content = exports.csv_file(columns, [kind.example], demo=False)
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, f"{kind.title}.csv") or "attachment"
    return answer


urlpatterns = [
    path("imports/", import_home, name="imports"),
    path("imports/<slug:key>/", import_page, name="import"),
    path("imports/<slug:key>/template.csv", import_template, name="import_template"),
]
