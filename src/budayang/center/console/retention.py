"""How long personal data are kept, and the proof that they go: what each rule holds, and each deletion."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.console.listing import Column, Filter, State, listing
from budayang.center.platform import retention
from budayang.center.platform.access import allow
from budayang.center.platform.actors import Role
from budayang.center.platform.models import RetentionRun
from budayang.center.platform.wording import words

READERS = frozenset({Role.SUPERVISOR, Role.INSPECTOR, Role.AUDIT_ADMIN, Role.SYSTEM_ADMIN})


def _word(run: RetentionRun) -> str:
    """What a run's rule holds; the name of a rule that the house no longer has."""
    return next((words(rule.what) for rule in retention.rules() if rule.name == run.rule), run.rule)


def _overdue(run: RetentionRun) -> State:
    if run.overdue:
        return State("stop", _("超期 %(n)s 条") % {"n": run.overdue})
    return State("ok", _("没有超期"))


@allow(READERS)
def kept(request: HttpRequest) -> HttpResponse:
    """Each rule with what it holds now, above the log of deletions."""
    standing = retention.standing(timezone.now())
    return listing(
        request,
        title=_("个人信息保存与删除"),
        note=_("到期自动删除，每十分钟检查一次。“超期”由查询独立数出，不取自删除程序的说法；应当一直是 0。"),
        columns=(
            Column("at", _("检查时间"), lambda run: run.at, "at", "moment"),
            Column("rule", _("个人信息"), _word, "rule"),
            Column("erased", _("删除"), lambda run: run.erased, "erased", "number"),
            Column("held", _("仍保存"), lambda run: run.held, "held", "number"),
            Column("overdue", _("超期"), _overdue, "overdue", "state"),
        ),
        queryset=RetentionRun.objects.all(),
        filters=(
            Filter(
                "rule",
                _("个人信息"),
                lambda: [(rule.name, words(rule.what)) for rule in retention.rules()],
                lambda runs, name: runs.filter(rule=name),
            ),
            Filter(
                "what",
                _("内容"),
                lambda: [("erased", _("只看有删除的")), ("overdue", _("只看有超期的"))],
                lambda runs, what: runs.filter(**{f"{what}__gt": 0}),
            ),
        ),
        search=(),
        default_sort="-at",
        row_url=None,
        empty=_("还没有检查记录；管理平台的后台程序运行十分钟后会出现第一批。"),
        export_name=_("个人信息删除记录"),
        above=render_to_string("console/retention/_standing.html", {"standing": standing}, request),
    )


urlpatterns = [path("retention/", kept, name="retention")]
