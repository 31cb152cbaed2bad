"""Pages of safety at night: doors, measured tests, who holds which key."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.areas.models import Area
from budayang.center.console.incidents import places
from budayang.center.console.listing import Action, Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.maintenance import doors
from budayang.center.maintenance import safety_actions as actions
from budayang.center.maintenance import safety_queries as queries
from budayang.center.maintenance.models import KeyHolding, SafetyTest
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization
from budayang.center.platform.queries import parameter
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.templatetags.platform_format import moment
from budayang.center.platform.wording import words
from budayang.rules.doors import PROMISED_WAYS, WAYS
from budayang.rules.safety import KEY_KINDS, TESTS

TESTERS = frozenset(actions.TESTERS)
DOOR_STATES: dict[str, State] = {
    "open": State("ok", "开着"),
    "closed": State("ok", "关着，可以推开"),
    "locked": State("stop", "锁着"),
    "": State("ask", "没有门禁来源"),
}


def _door_state(state: str) -> State:
    found = DOOR_STATES.get(state, State("ask", "未知"))
    return State(found.tone, words(found.word))


@allow(OPERATING_ROLES)
def door_list(request: HttpRequest) -> HttpResponse:
    """How each door is, and when each promised way last worked."""
    actor, now = reader(request), timezone.now()
    visible = areas.visible_to(actor).select_related("place")
    found = doors.doors_of(list(visible.values_list("pk", flat=True)))
    keep_d: dict[str, float] = {}

    def fresh_d(area: Area) -> float:
        path = area.place.path
        return keep_d.setdefault(path, float(parameter("door_way_d", path, now)))

    def way(code: str) -> Any:
        def value(area: Area) -> State:
            at = found[area.pk].worked.get(code)
            if at is None:
                return State("ask", _("没有证明"))
            by = _("（巡查）") if code in found[area.pk].by_round else ""
            old = (now - at).total_seconds() > fresh_d(area) * 86400
            return State("warn" if old else "ok", f"{moment(at)}{by}")

        return value

    return listing(
        request,
        title=_("门禁"),
        note=_("门锁着而承诺开放，就是这个自助区的头一个故障，其他故障挂在它下面。每种开门方式写着最近一次成功。"),
        columns=(
            Column("area", _("自助区"), lambda area: area.name, sort="name"),
            Column("door", _("现在"), lambda area: _door_state(found[area.pk].state), kind="state"),
            Column("since", _("从什么时候"), lambda area: found[area.pk].since, kind="moment"),
            *(Column(code, words(WAYS[code]), way(code), kind="state") for code in PROMISED_WAYS),
        ),
        queryset=visible,
        filters=(
            Filter("place", _("地区"), lambda: places(actor), lambda rows, v: rows.filter(place__path__startswith=v)),
        ),
        search=("name", "code"),
        default_sort="area",
        row_url=lambda area: reverse("console:area", args=[area.code]),
        empty=_("还没有自助区。"),
        export_name=_("门禁"),
        topic="terminals",
    )


def test_state(row: SafetyTest) -> State:
    """Passed, failed, or running."""
    if row.passed is None:
        return State("hand", _("正在计时"))
    return State("ok", _("通过")) if row.passed else State("stop", _("没有通过"))


def _tests() -> list[tuple[str, str]]:
    return [(code, words(kind.name)) for code, kind in TESTS.items()]


def _seconds(row: SafetyTest) -> str:
    if row.ended_at is None:
        return ""
    if row.seconds is None:
        return _("没有结果")
    return _("%(n)s 秒") % {"n": f"{row.seconds:.1f}"}


@allow(OPERATING_ROLES)
def test_list(request: HttpRequest) -> HttpResponse:
    """Every measured test, the newest first."""
    actor = reader(request)
    tests = actor.may(*actions.TESTERS)
    return listing(
        request,
        title=_("安全测试"),
        note=_("求助按钮和断电开门按月测，秒数由平台记。没有通过的开故障；到期没测的在“到期事项”里派单。"),
        columns=(
            Column("kind", _("测什么"), lambda row: words(TESTS[row.kind].name), sort="kind"),
            Column("area", _("自助区"), lambda row: row.area.name, sort="area__name"),
            Column("state", _("结果"), test_state, sort="passed", kind="state"),
            Column("seconds", _("用时"), _seconds, sort="seconds"),
            Column("limit", _("时限（秒）"), lambda row: row.limit_s, kind="number"),
            Column("at", _("时间"), lambda row: row.started_at, sort="started_at", kind="moment"),
            Column("by", _("测试人"), lambda row: row.started_by),
        ),
        queryset=queries.tests_visible_to(actor),
        filters=(
            Filter("kind", _("测什么"), _tests, lambda rows, v: rows.filter(kind=v)),
            Filter(
                "passed",
                _("结果"),
                lambda: [("yes", _("通过")), ("no", _("没有通过"))],
                lambda rows, v: rows.filter(passed=v == "yes"),
            ),
            Filter(
                "place", _("地区"), lambda: places(actor), lambda rows, v: rows.filter(area__place__path__startswith=v)
            ),
        ),
        search=("area__name",),
        default_sort="-at",
        row_url=lambda row: reverse("console:safety_test", args=[row.pk]),
        empty=_("还没有测过。到现场打开“测一次”，按下按钮的同时点开始。"),
        export_name=_("安全测试"),
        actions=(Action(reverse("console:safety_test_new"), _("测一次"), primary=True),) if tests else (),
    )


class TestForm(forms.Form):
    """What is tested, where."""

    area: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        areas.visible_to(actions.JOB), label=gettext_lazy("自助区"), empty_label=gettext_lazy("请选择")
    )
    kind = forms.ChoiceField(label=gettext_lazy("测什么"), choices=_tests, widget=forms.RadioSelect)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area = self.fields["area"]
        assert isinstance(area, forms.ModelChoiceField)
        area.queryset = areas.visible_to(actor).order_by("name")


@allow(TESTERS)
def test_new(request: HttpRequest) -> HttpResponse:
    """Begin a test: the press of this page's button is the beginning of the time."""
    actor = reader(request)
    form = TestForm(actor, request.POST or None, initial={"kind": "help"})
    if request.method == "POST" and form.is_valid():
        try:
            row = actions.start_test(actor, form.cleaned_data["area"], form.cleaned_data["kind"], now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("console:safety_test", row.pk)
    begins = [(words(kind.name), words(kind.begins)) for kind in TESTS.values()]
    context = {"form": form, "begins": begins}
    status = 422 if request.method == "POST" else 200
    return render(request, "console/safety/test_new.html", context, status=status)


def _test(request: HttpRequest, number: int) -> SafetyTest:
    row = queries.tests_visible_to(reader(request)).filter(pk=number).first()
    if row is None:
        raise Http404
    return row


@allow(OPERATING_ROLES)
def test_detail(request: HttpRequest, number: int) -> HttpResponse:
    """One test; while it runs, the buttons that end it."""
    row, actor = _test(request, number), reader(request)
    context = {
        "row": row,
        "name": words(TESTS[row.kind].name),
        "ends": words(TESTS[row.kind].ends),
        "state": test_state(row),
        "seconds": _seconds(row),
        "may": actor.may(*actions.TESTERS, place_path=row.area.place.path),
    }
    return render(request, "console/safety/test.html", context)


@allow(TESTERS)
@require_POST
def test_end(request: HttpRequest, number: int) -> HttpResponse:
    """It was answered, or it was not."""
    row = _test(request, number)
    answered = request.POST.get("answered") == "yes"
    try:
        actions.end_test(reader(request), row, answered=answered, note=request.POST.get("note", ""), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("console:safety_test", row.pk)


def _key_state(row: KeyHolding) -> State:
    return State("ok", _("已归还")) if row.returned_at else State("hand", _("在外"))


def _by_return(rows: QuerySet[KeyHolding], value: str) -> QuerySet[KeyHolding]:
    return rows.filter(returned_at__isnull=value == "out")


@allow(OPERATING_ROLES)
def key_list(request: HttpRequest) -> HttpResponse:
    """Who holds which key or card. Names only where the reader may hand out keys."""
    actor = reader(request)
    gives = actor.may(*actions.TESTERS)

    def holder(row: KeyHolding) -> str:
        name = queries.holder_of(row) if actor.may(*actions.TESTERS, place_path=row.area.place.path) else ""
        return name or _("不显示")

    return listing(
        request,
        title=_("钥匙保管"),
        note=_("哪一把钥匙、哪一张门禁卡，谁拿着、从什么时候起。姓名加密保存，归还 400 天后删除。"),
        columns=(
            Column("label", _("哪一把"), lambda row: row.label, sort="label"),
            Column("kind", _("种类"), lambda row: words(KEY_KINDS[row.kind]), sort="kind"),
            Column("area", _("自助区"), lambda row: row.area.name, sort="area__name"),
            Column("holder", _("保管人"), holder),
            Column("body", _("单位"), lambda row: row.organization.name if row.organization else ""),
            Column("state", _("状态"), _key_state, sort="returned_at", kind="state"),
            Column("given", _("交给"), lambda row: row.given_at, sort="given_at", kind="moment"),
            Column("returned", _("归还"), lambda row: row.returned_at, sort="returned_at", kind="moment"),
        ),
        queryset=queries.keys_visible_to(actor),
        filters=(
            Filter("state", _("状态"), lambda: [("out", _("在外")), ("back", _("已归还"))], _by_return),
            Filter(
                "place", _("地区"), lambda: places(actor), lambda rows, v: rows.filter(area__place__path__startswith=v)
            ),
        ),
        search=("label", "area__name"),
        default_sort="-given",
        row_url=(lambda row: reverse("console:key", args=[row.pk])) if gives else None,
        empty=_("还没有登记。把大门、机柜的每一把钥匙和每一张门禁卡登记给保管的人。"),
        export_name=_("钥匙保管"),
        actions=(Action(reverse("console:key_new"), _("交出一把"), primary=True),) if gives else (),
    )


class KeyForm(forms.Form):
    """Which key, to whom."""

    area: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        areas.visible_to(actions.JOB), label=gettext_lazy("自助区"), empty_label=gettext_lazy("请选择")
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("种类"), choices=lambda: [(code, words(name)) for code, name in KEY_KINDS.items()]
    )
    label = forms.CharField(
        label=gettext_lazy("哪一把"), max_length=60, help_text=gettext_lazy("例如：大门机械钥匙 2 号。")
    )
    holder = forms.CharField(
        label=gettext_lazy("保管人"), max_length=40, help_text=gettext_lazy("只写姓名，不写电话和证件号。")
    )
    organization: forms.ModelChoiceField[Organization] = forms.ModelChoiceField(
        Organization.objects.none(), label=gettext_lazy("单位"), required=False, empty_label=gettext_lazy("没有")
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area, body = self.fields["area"], self.fields["organization"]
        assert isinstance(area, forms.ModelChoiceField)
        assert isinstance(body, forms.ModelChoiceField)
        area.queryset = areas.visible_to(actor).order_by("name")
        body.queryset = platform.organizations_visible_to(actor).order_by("name")


@allow(TESTERS)
def key_new(request: HttpRequest) -> HttpResponse:
    """Hand a key out."""
    actor = reader(request)
    form = KeyForm(actor, request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            actions.give_key(
                actor, found["area"], kind=found["kind"], label=found["label"], holder=found["holder"],
                organization=found["organization"], now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已登记。"))
            return redirect("console:keys")
    context = {"form": form, "title": _("交出钥匙"), "submit": _("登记"), "back_url": reverse("console:keys"),
               "back_word": _("钥匙保管")}  # fmt: skip
    return render(request, "console/form.html", context, status=422 if request.method == "POST" else 200)


def _key(request: HttpRequest, number: int) -> KeyHolding:
    row = queries.keys_visible_to(reader(request)).filter(pk=number).first()
    if row is None:
        raise Http404
    return row


@allow(TESTERS)
def key_detail(request: HttpRequest, number: int) -> HttpResponse:
    """One holding, and its return."""
    row, actor = _key(request, number), reader(request)
    may = actor.may(*actions.TESTERS, place_path=row.area.place.path)
    context = {"row": row, "state": _key_state(row), "kind": words(KEY_KINDS[row.kind]), "may": may,
               "holder": queries.holder_of(row) if may else ""}  # fmt: skip
    return render(request, "console/safety/key.html", context)


@allow(TESTERS)
@require_POST
def key_return(request: HttpRequest, number: int) -> HttpResponse:
    """It came back."""
    try:
        actions.return_key(reader(request), _key(request, number), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已登记归还。"))
    return redirect("console:keys")


urlpatterns = [
    path("doors/", door_list, name="doors"),
    path("safety-tests/", test_list, name="safety_tests"),
    path("safety-tests/new/", test_new, name="safety_test_new"),
    path("safety-tests/<int:number>/", test_detail, name="safety_test"),
    path("safety-tests/<int:number>/end/", test_end, name="safety_test_end"),
    path("keys/", key_list, name="keys"),
    path("keys/new/", key_new, name="key_new"),
    path("keys/<int:number>/", key_detail, name="key"),
    path("keys/<int:number>/return/", key_return, name="key_return"),
]
