"""Import of regions and areas from CSV or Excel."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy

from budayang.center.areas import actions, imports
from budayang.center.areas.imports import AreaPlan, RegionPlan
from budayang.center.console import table_import
from budayang.center.console.table_import import Import
from budayang.center.platform.access import allow
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.uploads import UploadedTable

IMPORTERS = frozenset({Role.SUPERVISOR, Role.SYSTEM_ADMIN})
CRUMBS = (("console:imports", gettext_lazy("区划与自助区导入")),)
REGION = ("150603", "康巴什区", "150600")
AREA = ("KBS2", "示例自助区", "150603", "政务服务中心", "示例路 1 号", "", "", "", "39.6", "109.8", "是", "全天")


def _load_regions(actor: Actor, table: UploadedTable, _name: str) -> tuple[int, int]:
    return actions.import_regions(actor, table)


def _load_areas(actor: Actor, table: UploadedTable, _name: str) -> tuple[int, int]:
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
            example=lambda: REGION,
            read=imports.read_regions,
            check=imports.check_regions,
            load=_load_regions,
            show=_show_region,
            heads=(gettext_lazy("代码"), gettext_lazy("名称"), gettext_lazy("上级")),
            crumbs=CRUMBS,
            template="console:import_template",
            keyed=True,
            done="console:imports",
        ),
        Import(
            key="areas",
            title=gettext_lazy("自助区"),
            needs=imports.AREA_COLUMNS,
            optional=imports.AREA_OPTIONAL,
            example=lambda: AREA,
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
            crumbs=CRUMBS,
            template="console:import_template",
            keyed=True,
            done="console:areas",
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
    """Upload a table, see what it would do, load it."""
    return table_import.import_page(request, _import(key))


@allow(IMPORTERS)
def import_template(request: HttpRequest, key: str) -> HttpResponse:
    """An empty table with one example row."""
    return table_import.template_file(_import(key))


urlpatterns = [
    path("imports/", import_home, name="imports"),
    path("imports/<slug:key>/", import_page, name="import"),
    path("imports/<slug:key>/template.csv", import_template, name="import_template"),
]
