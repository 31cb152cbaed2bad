"""Error pages: what happened, that nothing is lost, what to do next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from budayang.center.platform.access import forbidden_page


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return forbidden_page(request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return render(
        request,
        "platform/error.html",
        {"title": _("没有这个页面"), "message": _("地址可能抄错了，或内容已移走。请回首页查找。")},
        status=404,
    )


def failed(request: HttpRequest) -> HttpResponse:
    """500."""
    message = _("管理平台出错了，刚才的操作没有保存。请稍后再试；再次出现请告诉系统管理员。")
    return render(request, "platform/error.html", {"title": _("管理平台出错"), "message": message}, status=500)
