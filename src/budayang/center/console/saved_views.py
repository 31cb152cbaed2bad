"""Saved views of the lists: keep, rename, drop. `listing` shows them as tabs above each list."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import Resolver404, path, resolve
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.reader import may_open, reader
from budayang.center.platform import queries as platform
from budayang.center.platform import view_actions
from budayang.center.platform.access import SIGNED_IN, allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.models import Place, SavedView
from budayang.center.platform.view_queries import views_of, views_visible_to

NOT_KEPT = frozenset({"page", "export", "csrfmiddlewaretoken"})
REFUSED = "refused_view"


def kept_query(query: QueryDict) -> str:
    """What of a list's address a view keeps: filters, search and order, in one order, so that two are comparable."""
    return urlencode(sorted((key, value) for key, value in query.items() if value and key not in NOT_KEPT))


def _address(request: HttpRequest, asked: str) -> str:
    """The list that a view belongs to: one of ours that this reader may open; 404 for anything else."""
    try:
        found = resolve(asked)
    except Resolver404 as error:
        raise Http404 from error
    if found.app_name != "console" or not may_open(found.func, reader(request)):
        raise Http404
    return asked


def sharing_place(request: HttpRequest) -> Place | None:
    """Where this reader may share views: the outermost place that the reader keeps."""
    grants = [one for one in reader(request).grants if one.role in view_actions.SHARERS]
    path_ = min((one.place_path for one in grants), key=len, default="")
    return platform.find_place_by_path(path_) if path_ else None


def refused_view(request: HttpRequest) -> dict[str, str]:
    """What was typed for a view of this list and refused a moment ago, once: `name` and `shared`."""
    typed: dict[str, str] = request.session.get(REFUSED, {})
    if typed.get("list") != request.path:
        return {}
    del request.session[REFUSED]
    return typed


@allow(SIGNED_IN)
@require_POST
def view_save(request: HttpRequest) -> HttpResponse:
    """Keep the list as it is filtered now."""
    address = _address(request, request.POST.get("list", ""))
    query = kept_query(QueryDict(request.POST.get("query", "")[:2000]))
    try:
        view_actions.save_view(
            reader(request),
            address=address,
            name=request.POST.get("name", ""),
            query=query,
            shared_at=sharing_place(request) if request.POST.get("shared") else None,
            now=timezone.now(),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        typed = {"name": request.POST.get("name", "")[:40], "shared": request.POST.get("shared", "")}
        request.session[REFUSED] = {"list": address, **typed}
    else:
        messages.success(request, _("已存为视图，以后在列表上方一点就到。"))
    return redirect(f"{address}?{query}" if query else address)


@allow(SIGNED_IN)
def view_list(request: HttpRequest) -> HttpResponse:
    """The views of one list, to rename and drop."""
    address = _address(request, request.GET.get("list", ""))
    found = views_of(reader(request), address)
    mine = [one for one in found if one.staff_id == reader(request).staff_id]
    others = [one for one in found if one.staff_id != reader(request).staff_id]
    return render(request, "console/saved_views.html", {"address": address, "mine": mine, "others": others})


def _own(request: HttpRequest, view_id: int) -> SavedView:
    view = views_visible_to(reader(request)).filter(pk=view_id).first()
    if view is None or view.staff_id != reader(request).staff_id:
        raise Http404
    return view


def _back(view: SavedView) -> HttpResponse:
    return redirect(f"/console/views/?{urlencode({'list': view.address})}")


@allow(SIGNED_IN)
@require_POST
def view_rename(request: HttpRequest, view_id: int) -> HttpResponse:
    """Another name."""
    view = _own(request, view_id)
    try:
        view_actions.rename_view(reader(request), view, request.POST.get("name", ""))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已改名。"))
    return _back(view)


@allow(SIGNED_IN)
@require_POST
def view_delete(request: HttpRequest, view_id: int) -> HttpResponse:
    """Drop it."""
    view = view_actions.delete_view(reader(request), _own(request, view_id))
    messages.success(request, _("已删除视图。列表里的数据没有变。"))
    return _back(view)


urlpatterns = [
    path("views/", view_list, name="views"),
    path("views/save/", view_save, name="view_save"),
    path("views/<int:view_id>/rename/", view_rename, name="view_rename"),
    path("views/<int:view_id>/delete/", view_delete, name="view_delete"),
]
