"""Pages of e-licence sources (电子证照来源): which are asked, whether they answer, what forms ask for, settings."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budayang.center.console.listing import Action, Column, Filter, listing
from budayang.center.console.providers import health_of, use_state, why_words
from budayang.center.console.reader import reader
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Role
from budayang.center.services import licence_line, licence_queries
from budayang.center.services.hearing import SILENT_AFTER
from budayang.center.services.models import LicenceSource

READERS = licence_queries.READERS


class SourceForm(forms.Form):
    """Settings of a source. A key is typed in and never shown."""

    code = forms.CharField(
        label=gettext_lazy("编码"), max_length=16, help_text=gettext_lazy("大写字母、数字、连字符，登记后不再改。")
    )
    name = forms.CharField(
        label=gettext_lazy("名称"),
        max_length=40,
        help_text=gettext_lazy("本人在屏幕上看到的来源，例如：市电子证照库。"),
    )
    url = forms.CharField(
        label=gettext_lazy("地址"), max_length=200, help_text=gettext_lazy("不含 /v1。只能是 https；本机可以用 http。")
    )
    key = forms.CharField(
        label=gettext_lazy("密钥"),
        max_length=200,
        error_messages={"required": gettext_lazy("请填写密钥。")},
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("加密保存，不再显示。只改别的，可以空着；换地址要重新填写。"),
    )
    active = forms.BooleanField(label=gettext_lazy("使用中"), required=False)

    def __init__(self, known: LicenceSource | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known is not None:
            del self.fields["code"]
            self.fields["key"].required = False


def _by_health(rows: Any, value: str) -> Any:
    if value == "bad":
        return rows.filter(failures__gt=0)
    return rows.filter(failures=0, heard_at__isnull=value != "ok")


def _healths() -> list[tuple[str, str]]:
    return [("ok", _("有应答")), ("bad", _("没有应答")), ("unknown", _("还没有问过它"))]


@allow(READERS)
def licences(request: HttpRequest) -> HttpResponse:
    """Every source of e-licences."""
    actor = reader(request)
    new = Action(reverse("console:licence_new"), _("登记来源"), primary=True)
    return listing(
        request,
        title=_("电子证照来源"),
        note=_("本人同意以后才查，查到的只送到他面前的终端，不保存。这里只记它答没答，不记答了什么。"),
        columns=(
            Column("name", _("名称"), lambda row: row.name, "name"),
            Column("code", _("编码"), lambda row: row.code, "code", "code"),
            Column("use", _("使用"), use_state, "active", "state"),
            Column("health", _("应答"), health_of, "failures", "state"),
            Column("heard", _("最近应答"), lambda row: row.heard_at, "heard_at", "moment"),
            Column("failed", _("最近一次没有应答"), lambda row: row.failed_at, "failed_at", "moment"),
            Column("address", _("地址"), lambda row: row.url, "url", "code"),
        ),
        queryset=licence_queries.sources_visible_to(actor),
        filters=(
            Filter(
                "use",
                _("使用"),
                lambda: [("1", _("使用中")), ("0", _("已停用"))],
                lambda rows, value: rows.filter(active=value == "1"),
            ),
            Filter("health", _("应答"), _healths, _by_health),
        ),
        search=("name", "code", "url"),
        default_sort="name",
        row_url=lambda row: reverse("console:licence", args=[row.code]),
        empty=_("还没有登记电子证照的来源，表单里的内容由本人自己填。拿到证照库的地址和密钥后，在这里登记。"),
        export_name="licence-sources",
        topic="services",
        actions=(new,) if actor.may(Role.SYSTEM_ADMIN) else (),
    )


def _find(request: HttpRequest, code: str) -> LicenceSource:
    row = licence_queries.sources_visible_to(reader(request)).filter(code=code).first()
    if row is None:
        raise Http404
    return row


@allow(READERS)
def licence(request: HttpRequest, code: str) -> HttpResponse:
    """One source: whether it answers, and which kinds it is asked for by which items."""
    row = _find(request, code)
    context = {
        "source": row,
        "use": use_state(row),
        "health": health_of(row),
        "why": why_words(row),
        "silent_after": SILENT_AFTER,
        "kinds": licence_queries.kinds_asked(),
        "may_set": reader(request).may(Role.SYSTEM_ADMIN),
    }
    return render(request, "console/services/licence.html", context)


@allow(Role.SYSTEM_ADMIN)
def licence_edit(request: HttpRequest, code: str = "") -> HttpResponse:
    """Register a source, or change one."""
    known = _find(request, code) if code else None
    start: dict[str, Any] = {"active": True}
    if known is not None:
        start = {"name": known.name, "url": known.url, "active": known.active}
    form = SourceForm(known, request.POST or None, initial=start)
    if form.is_valid():
        given = form.cleaned_data
        target = known.code if known is not None else given["code"].strip().upper()
        try:
            if known is None and LicenceSource.objects.filter(code=target).exists():
                raise Refused(_("这个编码已经登记过，请换一个，或去改那一处。"))
            licence_line.set_source(
                reader(request), target, name=given["name"], url=given["url"], key=given["key"].strip(),
                active=given["active"],
            )  # fmt: skip
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("已保存，从下一次查询起生效。"))
            return redirect("console:licence", target)
    context = {
        "form": form,
        "title": known.name if known is not None else _("登记电子证照来源"),
        "note": _("接口约定见文档“电子证照”。多个来源都会问到，各自答复各自有的。"),
        "back_url": reverse("console:licence", args=[known.code]) if known else reverse("console:licences"),
        "back_word": known.name if known is not None else _("电子证照来源"),
        "submit": _("保存"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


urlpatterns = [
    path("licences/", licences, name="licences"),
    path("licences/new/", licence_edit, name="licence_new"),
    path("licences/<str:code>/", licence, name="licence"),
    path("licences/<str:code>/edit/", licence_edit, name="licence_edit"),
]
