"""Pages of plans of rounds: which list is walked in which area, by whom, when and in which order."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.areas.recurrence import WEEKDAYS
from budayang.center.console.forms import DateField
from budayang.center.console.incidents import places
from budayang.center.console.listing import Action, Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.maintenance import round_plan_actions as actions
from budayang.center.maintenance import round_queries as queries
from budayang.center.maintenance.models import RoundPlan
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization, Staff
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.data.check_lists import read_windows
from budayang.rules.rounds import RHYTHM_NAMES, WHO_NAMES, Plan, Rhythm

PLANNERS = frozenset(actions.PLANNERS)


def _worded(names: dict[Any, str]) -> Any:
    return lambda: [(getattr(one, "value", one), words(word)) for one, word in names.items()]


class PlanForm(forms.Form):
    """A plan. After `is_valid()`: `plan` holds it as the rules read it."""

    area: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        areas.visible_to(queries.JOB), label=_("自助区"), empty_label=_("请选择")
    )
    code = forms.ChoiceField(label=_("检查表"))
    who = forms.ChoiceField(label=_("由谁"), choices=_worded(WHO_NAMES))
    organization: forms.ModelChoiceField[Organization] = forms.ModelChoiceField(
        Organization.objects.none(),
        label=_("单位"),
        required=False,
        empty_label=_("不限"),
        help_text=_("归属单位和运维商只查自己的机器；保洁、安保、消防可写承担的单位。"),
    )
    person: forms.ModelChoiceField[Staff] = forms.ModelChoiceField(
        Staff.objects.none(), label=_("指定的人"), required=False, empty_label=_("不指定"),
        help_text=_("指定以后，由别人作答会留痕。"),
    )  # fmt: skip
    rhythm = forms.ChoiceField(label=_("多久一次"), choices=_worded(RHYTHM_NAMES))
    windows = forms.CharField(
        label=_("时间段"),
        max_length=200,
        help_text=_("例如 08:30-11:30；几段之间空一格；过夜写 22:00-02:00，算在开始的那一天。"),
    )
    weekdays = forms.MultipleChoiceField(
        label=_("每周的哪几天"),
        required=False,
        choices=lambda: [(str(day), words(name)) for day, name in enumerate(WEEKDAYS)],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("只在选“每周”时有用。"),
    )
    day = forms.IntegerField(
        label=_("每月几日"), min_value=1, max_value=31, initial=1, help_text=_("每月、每半年、每年用；月份短就在月末。")
    )
    first_month = forms.IntegerField(
        label=_("从几月起算"),
        min_value=1,
        max_value=12,
        initial=1,
        help_text=_("每半年、每年用，例如 4 就是 4 月和 10 月。"),
    )
    stops = forms.CharField(
        label=_("各站顺序"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("终端编号，按走的顺序，每行一个；没写的排在后面。先查场地，再逐台查。"),
    )
    starts_on = DateField(label=_("开始日期"))
    ends_on = DateField(label=_("结束日期"), required=False)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area, bodies, people, code = (self.fields[name] for name in ("area", "organization", "person", "code"))
        assert isinstance(area, forms.ModelChoiceField)
        assert isinstance(bodies, forms.ModelChoiceField)
        assert isinstance(people, forms.ModelChoiceField)
        assert isinstance(code, forms.ChoiceField)
        area.queryset = areas.visible_to(actor)
        bodies.queryset = platform.organizations_visible_to(actor)
        people.queryset = platform.staff_visible_to(actor).filter(is_active=True).order_by("name")
        code.choices = sorted(queries.names_of_lists(list(queries.editions_visible_to(actor))).items())
        self.plan: Plan | None = None

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if self.errors:
            return found
        try:
            windows = read_windows(found["windows"])
        except ValueError:
            self.add_error("windows", gettext("写成 08:30-11:30 的样子；几段之间空一格。"))
            return found
        self.plan = Plan(
            rhythm=Rhythm(found["rhythm"]),
            windows=windows,
            starts_on=found["starts_on"],
            ends_on=found["ends_on"],
            weekdays=frozenset(int(day) for day in found["weekdays"]),
            day=found["day"],
            first_month=found["first_month"],
            zone=found["area"].place.zone,
        )
        return found


def rhythm_words(row: RoundPlan) -> str:
    """How often, as a person says it."""
    rhythm = Rhythm(row.rhythm)
    word = words(RHYTHM_NAMES[rhythm])
    if rhythm is Rhythm.WEEKLY:
        days = "、".join(words(WEEKDAYS[day]) for day, flag in enumerate(row.weekdays) if flag == "1")
        return f"{word} {days}"
    if rhythm is Rhythm.MONTHLY:
        return gettext("%(word)s %(day)d 日") % {"word": word, "day": row.day}
    if rhythm in (Rhythm.HALF_YEARLY, Rhythm.YEARLY):
        return gettext("%(word)s，从 %(month)d 月起，%(day)d 日") % {
            "word": word,
            "month": row.first_month,
            "day": row.day,
        }
    return word


def _state(row: RoundPlan) -> State:
    return State("ok", gettext("执行中")) if row.next_at else State("ask", gettext("已结束"))


@allow(OPERATING_ROLES)
def plan_list(request: HttpRequest) -> HttpResponse:
    """Every plan that the reader may see."""
    actor = reader(request)
    plans = actor.may(*actions.PLANNERS)
    return listing(
        request,
        title=gettext("巡查计划"),
        note=gettext("到点自动开出巡查，结束前提醒，过时未交算故障。改计划不影响已经开出的巡查。"),
        columns=(
            Column("name", gettext("检查表"), lambda row: row.name, sort="name"),
            Column("area", gettext("自助区"), lambda row: row.area.name, sort="area__name"),
            Column("who", gettext("由谁"), lambda row: words(WHO_NAMES[row.who]), sort="who"),
            Column("named", gettext("单位或人"), _named),
            Column("rhythm", gettext("多久一次"), rhythm_words, sort="rhythm"),
            Column("windows", gettext("时间段"), lambda row: " ".join(f"{a}–{b}" for a, b in row.windows)),
            Column("state", gettext("状态"), _state, kind="state"),
            Column("next", gettext("下一次"), lambda row: row.next_at, sort="next_at", kind="moment"),
        ),
        queryset=queries.plans_visible_to(actor),
        filters=(
            Filter("state", gettext("状态"), _states, lambda rows, v: rows.filter(next_at__isnull=v == "over")),
            Filter("who", gettext("由谁"), _worded(WHO_NAMES), lambda rows, v: rows.filter(who=v)),
            Filter(
                "place",
                gettext("地区"),
                lambda: places(actor),
                lambda rows, v: rows.filter(area__place__path__startswith=v),
            ),
        ),
        search=("name", "area__name", "person__name", "organization__name"),
        default_sort="area",
        row_url=(lambda row: reverse("console:round_plan", args=[row.pk])) if plans else None,
        empty=gettext("还没有计划。先采用检查表，再为自助区建立计划。"),
        export_name=gettext("巡查计划"),
        actions=(Action(reverse("console:round_plan_new"), gettext("新建计划"), primary=True),) if plans else (),
    )


def _states() -> list[tuple[str, str]]:
    return [("running", gettext("执行中")), ("over", gettext("已结束"))]


def _named(row: RoundPlan) -> str:
    return row.person.name if row.person else row.organization.name if row.organization else ""


def _today() -> date:
    return timezone.localdate()


@allow(PLANNERS)
def plan_new(request: HttpRequest) -> HttpResponse:
    """A new plan; `?list=` fills in what the list usually asks for."""
    code, today = request.GET.get("list", ""), _today()
    plan = actions.suggested(code, today)
    initial: dict[str, Any] = {"code": code, "starts_on": today, "windows": "08:30-11:30"}
    if plan is not None:
        initial |= _plain(plan) | {"who": actions.walked_by(code)}
    return _edit(request, None, initial)


@allow(PLANNERS)
def plan_change(request: HttpRequest, number: int) -> HttpResponse:
    """Change a plan from now on."""
    row = queries.plans_visible_to(reader(request)).filter(pk=number).first()
    if row is None:
        raise Http404
    initial = {
        "area": row.area_id,
        "code": row.list_code,
        "who": row.who,
        "organization": row.organization_id,
        "person": row.person_id,
        "stops": "\n".join(row.stops),
        **_plain(queries.plan_of(row)),
    }
    return _edit(request, row, initial)


def _plain(plan: Plan) -> dict[str, Any]:
    return {
        "rhythm": plan.rhythm.value,
        "windows": " ".join(f"{a:%H:%M}-{b:%H:%M}" for a, b in plan.windows),
        "weekdays": [str(day) for day in sorted(plan.weekdays)],
        "day": plan.day,
        "first_month": plan.first_month,
        "starts_on": plan.starts_on,
        "ends_on": plan.ends_on,
    }


def _edit(request: HttpRequest, row: RoundPlan | None, initial: dict[str, Any]) -> HttpResponse:
    actor, now = reader(request), timezone.now()
    form = PlanForm(actor, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid() and form.plan is not None:
        found = form.cleaned_data
        try:
            actions.set_plan(
                actor, row, area=found["area"], code=found["code"], who=found["who"], plan=form.plan, now=now,
                organization=found["organization"], person=found["person"], stops=found["stops"].split(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, gettext("已保存。"))
            return redirect("console:round_plans")
    context = {
        "title": gettext("修改巡查计划") if row else gettext("新建巡查计划"),
        "note": gettext("改动从下一次开出的巡查起生效。"),
        "form": form,
        "row": row,
        "today": _today(),
        "back_url": reverse("console:round_plans"),
        "back_word": gettext("巡查计划"),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "console/rounds/plan.html", context, status=status)


@allow(PLANNERS)
@require_POST
def plan_end(request: HttpRequest, number: int) -> HttpResponse:
    """The plan opens no rounds after a day."""
    row = queries.plans_visible_to(reader(request)).filter(pk=number).first()
    if row is None:
        raise Http404
    try:
        on = date.fromisoformat(request.POST.get("on", ""))
    except ValueError:
        messages.error(request, gettext("请选择最后一天。"))
        return redirect("console:round_plan", number=number)
    now = timezone.now()
    actions.end_plan(reader(request), row, on=max(on, now.astimezone(ZoneInfo(row.area.place.zone)).date()), now=now)
    messages.success(request, gettext("已结束，以前的巡查都留着。"))
    return redirect("console:round_plans")


urlpatterns = [
    path("round-plans/", plan_list, name="round_plans"),
    path("round-plans/new/", plan_new, name="round_plan_new"),
    path("round-plans/<int:number>/", plan_change, name="round_plan"),
    path("round-plans/<int:number>/end/", plan_end, name="round_plan_end"),
]
