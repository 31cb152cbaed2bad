"""Editions of the notice that people agree to: what is in force, what was, and a new one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budayang.center.console.forms import MomentField
from budayang.center.console.listing import Action, Column, State, listing
from budayang.center.console.reader import reader
from budayang.center.platform.access import ANY_STAFF, allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Role
from budayang.center.platform.wording import words
from budayang.center.services import privacy
from budayang.center.services.models import PrivacyNotice
from budayang.center.services.privacy import NoticeText

KIND_NAMES = {
    privacy.GENERAL: gettext_lazy("读取身份证以前"),
    privacy.FACE: gettext_lazy("刷脸比对以前（单独同意）"),
}


class NoticeForm(forms.Form):
    """A new edition. One sentence a line; the English is all there or not at all."""

    kind = forms.ChoiceField(label=gettext_lazy("用在哪里"), choices=lambda: list(KIND_NAMES.items()))
    version = forms.CharField(label=gettext_lazy("版本号"), max_length=40)
    valid_from = MomentField(label=gettext_lazy("生效时间"), help_text=gettext_lazy("各终端到时自动换用。"))
    title = forms.CharField(label=gettext_lazy("标题"), max_length=80)
    lines = forms.CharField(
        label=gettext_lazy("告知内容"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("一行一条，最多 8 条，每条最多 120 个字。"),
    )
    keeps = forms.CharField(label=gettext_lazy("保存多久"), max_length=200)
    title_en = forms.CharField(label=gettext_lazy("英文标题"), max_length=80, required=False)
    lines_en = forms.CharField(
        label=gettext_lazy("英文内容"),
        widget=forms.Textarea(attrs={"rows": 6}),
        required=False,
        help_text=gettext_lazy("与中文逐条对应；全空时英文界面显示中文原文。"),
    )
    keeps_en = forms.CharField(label=gettext_lazy("英文保存期限"), max_length=200, required=False)

    def text(self) -> NoticeText:
        """What was typed."""
        data = self.cleaned_data
        english: dict[str, Any] = {}
        if data["title_en"] or data["lines_en"].strip() or data["keeps_en"]:
            english = {"title": data["title_en"], "lines": data["lines_en"].splitlines(), "keeps": data["keeps_en"]}
        lines = tuple(data["lines"].splitlines())
        return NoticeText(data["version"], data["title"], lines, data["keeps"], english, data["kind"])


def _in_force(now: datetime) -> dict[str, NoticeText]:
    return {kind: privacy.notice_in_force(now, kind) for kind in KIND_NAMES}


def _state(row: PrivacyNotice, now: datetime, in_force: Mapping[str, NoticeText]) -> State:
    if row.version == in_force[row.kind].version:
        return State("ok", _("使用中"))
    return State("hand", _("待生效")) if row.valid_from > now else State("ask", _("已被替换"))


@allow(ANY_STAFF)
def notices(request: HttpRequest) -> HttpResponse:
    """Published editions, with how many cases were begun under each."""
    now = timezone.now()
    current, cases = _in_force(now), privacy.cases_by_version()
    may = reader(request).may(Role.SUPERVISOR)
    return listing(
        request,
        title=_("知情同意书"),
        note=_(
            "现在使用 %(version)s 版，刷脸比对用 %(face)s 版。发布过的版本不能再改：每件办件都记着本人同意的是哪一版。"
        )
        % {"version": current[privacy.GENERAL].version, "face": current[privacy.FACE].version},
        columns=(
            Column("version", _("版本号"), lambda row: row.version, "version"),
            Column("kind", _("用在哪里"), lambda row: str(KIND_NAMES[row.kind]), "kind"),
            Column("title", _("标题"), lambda row: row.title, "title"),
            Column("state", _("状态"), lambda row: _state(row, now, current), None, "state"),
            Column("valid_from", _("生效时间"), lambda row: row.valid_from, "valid_from", "moment"),
            Column("cases", _("办件"), lambda row: cases.get(row.version, 0), None, "number"),
            Column("english", _("英文"), lambda row: _("有") if row.english else _("没有")),
            Column("by", _("发布人"), lambda row: row.published_by, "published_by"),
        ),
        queryset=privacy.notices(),
        search=("version", "title"),
        default_sort="-valid_from",
        row_url=lambda row: reverse("console:privacy_notice", args=[row.version]),
        empty=_("还没有发布过自己的版本，正在使用软件自带的 %(version)s 版。") % {"version": privacy.SHIPPED.version},
        export_name=_("知情同意书"),
        actions=(
            Action(reverse("console:privacy_new"), _("发布新版本"), primary=True),
            Action(reverse("console:privacy_new") + "?kind=face", _("发布刷脸的新版本")),
        )
        if may
        else (),
    )


@allow(ANY_STAFF)
def notice(request: HttpRequest, version: str) -> HttpResponse:
    """One edition, as people read it."""
    row = privacy.notices().filter(version=version).first()
    if row is None:
        raise Http404
    now = timezone.now()
    state = _state(row, now, _in_force(now))
    context = {"notice": row, "state": state, "cases": privacy.cases_by_version().get(version, 0)}
    return render(request, "console/services/notice.html", context)


@allow(Role.SUPERVISOR)
def publish(request: HttpRequest) -> HttpResponse:
    """Publish a new edition; the form begins with the one in force (?kind=face: that of the comparison)."""
    now = timezone.now()
    kind = request.GET.get("kind", "")
    current = _in_force(now).get(kind) or privacy.notice_in_force(now)
    start = {
        "kind": current.kind,
        "title": words(current.title),
        "lines": "\n".join(words(line) for line in current.lines),
        "keeps": words(current.keeps),
        "valid_from": timezone.localtime(now).replace(hour=0, minute=0) + timedelta(days=1),
    }
    form = NoticeForm(request.POST or None, initial=start)
    if form.is_valid():
        try:
            row = privacy.publish_notice(
                reader(request), form.text(), valid_from=form.cleaned_data["valid_from"], now=now
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("已发布，到生效时间各终端自动换用。"))
            return redirect("console:privacy_notice", version=row.version)
    context = {
        "form": form,
        "title": _("发布知情同意书"),
        "note": _("站在终端前的人先看到它，同意后才读身份证。请写短句，说清读什么、交给谁、留多久、怎样退出。"),
        "back_url": reverse("console:privacy"),
        "back_word": _("知情同意书"),
        "submit": _("发布"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


urlpatterns = [
    path("privacy/", notices, name="privacy"),
    path("privacy/new/", publish, name="privacy_new"),
    path("privacy/<str:version>/", notice, name="privacy_notice"),
]
