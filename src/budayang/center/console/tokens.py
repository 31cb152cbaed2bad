"""One's own keys for other machines: made here, shown once, ended here."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from budayang.center.console.listing import Action, Column, State, listing
from budayang.center.console.reader import reader
from budayang.center.platform import tokens
from budayang.center.platform.access import ANY_STAFF, allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.models import ApiToken


class TokenForm(forms.Form):
    """What a new key is for."""

    name = forms.CharField(
        label=gettext_lazy("给哪个系统用"),
        max_length=60,
        help_text=gettext_lazy("例如：市数据共享平台，每天取可用时间。"),
    )
    days = forms.IntegerField(
        label=gettext_lazy("有效天数"), min_value=1, max_value=tokens.LONGEST_D, initial=180,
        help_text=gettext_lazy("最长 366 天；到期自动失效。"),
    )  # fmt: skip
    may_write = forms.BooleanField(
        label=gettext_lazy("允许公告和取消计划停用"), required=False, help_text=gettext_lazy("不选时只能读取。")
    )


def _state(row: ApiToken, now: datetime) -> State:
    if row.revoked_at:
        return State("ask", _("已停用"))
    return State("stop", _("已过期")) if row.expires_at <= now else State("ok", _("有效"))


@allow(ANY_STAFF)
def own_tokens(request: HttpRequest) -> HttpResponse:
    """The reader's own keys."""
    now = timezone.now()
    return listing(
        request,
        title=_("接口密钥"),
        note=_("其他系统凭密钥以您的名义、在您的范围里读取数据。您的角色变了，密钥能做的事跟着变。"),
        columns=(
            Column("name", _("给哪个系统用"), lambda row: row.name, "name"),
            Column("hint", _("尾号"), lambda row: row.hint, None, "code"),
            Column("state", _("状态"), lambda row: _state(row, now), None, "state"),
            Column("rights", _("权限"), lambda row: _("读取、公告停用") if row.may_write else _("只读取"), "may_write"),
            Column("created", _("制作时间"), lambda row: row.created_at, "created_at", "moment"),
            Column("expires", _("到期"), lambda row: row.expires_at, "expires_at", "moment"),
            Column("used", _("最近使用"), lambda row: row.last_used_at, "last_used_at", "moment"),
        ),
        queryset=tokens.tokens_of(reader(request)),
        search=("name",),
        default_sort="-created",
        row_url=lambda row: reverse("console:token", args=[row.pk]),
        empty=_("您还没有接口密钥。要让其他系统读取数据，请点“制作密钥”。"),
        export_name=_("接口密钥"),
        actions=(Action(reverse("console:token_new"), _("制作密钥"), primary=True),),
    )


@allow(ANY_STAFF)
@never_cache
def new_token(request: HttpRequest) -> HttpResponse:
    """Make a key; the answer is the only place where it is ever shown."""
    form = TokenForm(request.POST or None)
    if form.is_valid():
        try:
            row, key = tokens.issue_token(reader(request), now=timezone.now(), **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return render(request, "console/token.html", {"row": row, "key": key, "state": _state(row, timezone.now())})
    context = {
        "form": form,
        "title": _("制作接口密钥"),
        "note": _("密钥只在制作时显示一次，请当场交给对方系统的管理员保存。"),
        "back_url": reverse("console:tokens"),
        "back_word": _("接口密钥"),
        "submit": _("制作"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


def _own(request: HttpRequest, token_id: int) -> ApiToken:
    row = tokens.tokens_of(reader(request)).filter(pk=token_id).first()
    if row is None:
        raise Http404
    return row


@allow(ANY_STAFF)
def token(request: HttpRequest, token_id: int) -> HttpResponse:
    """One key, without the key."""
    row = _own(request, token_id)
    return render(request, "console/token.html", {"row": row, "state": _state(row, timezone.now())})


@allow(ANY_STAFF)
@require_POST
def end_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a key at once."""
    tokens.revoke_token(reader(request), _own(request, token_id).pk, timezone.now())
    messages.success(request, _("密钥已停用，立即生效。"))
    return redirect("console:tokens")


urlpatterns = [
    path("tokens/", own_tokens, name="tokens"),
    path("tokens/new/", new_token, name="token_new"),
    path("tokens/<int:token_id>/", token, name="token"),
    path("tokens/<int:token_id>/end/", end_token, name="token_end"),
]
