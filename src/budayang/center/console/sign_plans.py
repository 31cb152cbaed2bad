"""Pages of plans: where one is, what is on it, what is found, its versions, the picture that was drawn over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.console.incidents import places
from budayang.center.console.listing import Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.console.sign_drawing import about_of, name_of, shown
from budayang.center.console.sign_looks import last_looks, look_state
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.queries import names_of
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.uploads import MAX_BYTES
from budayang.center.platform.wording import words
from budayang.center.signage import plan_actions as actions
from budayang.center.signage import queries
from budayang.center.signage.models import PlanVersion, SignPlan
from budayang.center.signage.plan_findings import Counts, count_newest, judge_drawing
from budayang.rules.signs.drawing import SIDE_MOST_MM, Drawing, PlacedSign, read
from budayang.rules.signs.kinds import FACT_NAMES, MOUNTING_NAMES

DRAWERS = frozenset(actions.DRAWERS)


@dataclass(frozen=True, slots=True)
class SignRow:
    """A sign on the plan, in words, with what the last look at it said and when."""

    sign: PlacedSign
    name: str
    about: str
    mounting: str
    look: State
    looked_at: datetime | None


def area_of(request: HttpRequest, code: str) -> Any:
    """The area, or 404 when it is not there or not for this reader."""
    try:
        return areas.get_area(reader(request), code)
    except ObjectDoesNotExist as error:
        raise Http404 from error


def _state(row: Any) -> State:
    counts: Counts | None = getattr(row, "counts", None)
    if counts is None:
        return State("ask", _("还没有平面图"))
    if counts.faults:
        return State("stop", _("%(n)d 处不符合") % {"n": counts.faults})
    if counts.unmeasured:
        return State("warn", _("%(n)d 处未量测") % {"n": counts.unmeasured})
    return State("ok", _("符合"))


def _count(row: Any, name: str) -> int | None:
    counts: Counts | None = getattr(row, "counts", None)
    return None if counts is None else int(getattr(counts, name))


def _by_plan(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(version__isnull=value == "without")


@allow(OPERATING_ROLES)
def plan_list(request: HttpRequest) -> HttpResponse:
    """Every area with its plan."""
    actor = reader(request)

    def prepare(rows: Sequence[Any]) -> None:
        found = count_newest(rows, timezone.now())
        names = names_of({row.saved_by for row in rows if row.saved_by})
        for row in rows:
            row.counts = found.get(row.pk)
            row.saver = names.get(row.saved_by, row.saved_by)

    return listing(
        request,
        title=_("标志平面图"),
        note=_(
            "每个自助区一张平面图：画上墙、门、终端和标志，平台按现行标准逐块核对。“不符合”、“未量测”是现行版此刻核对的结果。"
        ),
        columns=(
            Column("area", _("自助区"), lambda row: row.name, sort="name"),
            Column("state", _("核对结果"), _state, kind="state"),
            Column("signs", _("标志"), lambda row: _count(row, "signs"), kind="number"),
            Column("faults", _("不符合"), lambda row: _count(row, "faults"), kind="number"),
            Column("advice", _("建议"), lambda row: _count(row, "advice"), kind="number"),
            Column("unmeasured", _("未量测"), lambda row: _count(row, "unmeasured"), kind="number"),
            Column("version", _("版本"), lambda row: row.version, sort="version", kind="number"),
            Column("saved", _("最近保存"), lambda row: row.saved_at, sort="saved_at", kind="moment"),
            Column("by", _("谁"), lambda row: row.saver),
        ),
        queryset=queries.areas_with_plans(actor),
        filters=(
            Filter("plan", _("平面图"), lambda: [("with", _("有")), ("without", _("还没有"))], _by_plan),
            Filter("place", _("地区"), lambda: places(actor), lambda rows, v: rows.filter(place__path__startswith=v)),
        ),
        search=("name", "code"),
        default_sort="area",
        row_url=lambda row: reverse("console:sign_plan", args=[row.code]),
        empty=_("这里还没有自助区。先到“自助区”里登记，再来画它的平面图。"),
        export_name=_("标志平面图"),
        prepare=prepare,
    )


class PictureForm(forms.Form):
    """A picture to draw over."""

    picture = forms.FileField(
        label=gettext_lazy("平面图的图片"),
        help_text=gettext_lazy("PNG、JPEG 或 WebP，不超过 5 MB。只作底图，不会印出去。"),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    width_mm = forms.IntegerField(
        label=gettext_lazy("整张图的实际宽度（毫米）"),
        min_value=actions.PICTURE_LEAST_MM,
        max_value=SIDE_MOST_MM,
        help_text=gettext_lazy("图片左边到右边，在现场有多宽。例如 20 米写 20000。"),
    )

    def clean_picture(self) -> bytes:
        found = self.cleaned_data["picture"]
        if found.size > MAX_BYTES:
            raise forms.ValidationError(_("图片超过 5 MB，请缩小后再上传。"))
        content: bytes = found.read()
        return content


class PresentForm(forms.Form):
    """What there is that neither the register nor the drawing tells."""

    present = forms.MultipleChoiceField(
        label=gettext_lazy("现场有这些"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["present"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(name, words(word)) for name, word in FACT_NAMES.items()]


@allow(OPERATING_ROLES)
def plan_page(request: HttpRequest, code: str) -> HttpResponse:
    """The plan in force, or an older version by ?version=."""
    return _page(request, area_of(request, code), PictureForm())


def _chosen(request: HttpRequest, plan: SignPlan | None) -> PlanVersion | None:
    asked = request.GET.get("version", "")
    if plan is None:
        return None
    if asked and not (asked.isdecimal() and len(asked) < 9):
        raise Http404
    found = queries.find_version(plan, int(asked) if asked else None)
    if asked and found is None:
        raise Http404
    return found


def _page(request: HttpRequest, area: Any, picture: PictureForm, *, status: int = 200) -> HttpResponse:
    actor = reader(request)
    plan = queries.find_plan(area.pk)
    version = _chosen(request, plan)
    versions = list(queries.list_versions(plan)) if plan else []
    drawing = read(version.drawing) if version else None
    findings = judge_drawing(area, version.drawing, timezone.now()) if version else []
    names = names_of({one.made_by for one in versions} | ({plan.present_by} if plan else set()))
    context = {
        "area": area,
        "plan": plan,
        "version": version,
        "newest": versions[0].number if versions else 0,
        "versions": [(one, names.get(one.made_by, one.made_by)) for one in versions],
        "shown": shown(drawing, findings) if drawing else None,
        "signs": _signs(area, drawing) if drawing else [],
        "may": actor.may(*actions.DRAWERS, place_path=area.place.path),
        "form": picture,
        "present": PresentForm(initial={"present": plan.present if plan else []}),
        "present_words": [words(FACT_NAMES[name]) for name in (plan.present if plan else []) if name in FACT_NAMES],
        "present_by": names.get(plan.present_by, plan.present_by) if plan else "",
    }
    return render(request, "console/signs/plan.html", context, status=status)


def _signs(area: Any, drawing: Drawing) -> list[SignRow]:
    looks = last_looks(area.pk)
    found = []
    for sign in drawing.signs:
        look = looks.get(sign.id)
        about, mounting = about_of(drawing, sign.about), words(MOUNTING_NAMES[sign.mounting])
        state = look_state(look.value) if look else State("ask", _("半年内没有看过"))
        found.append(SignRow(sign, name_of(sign), about, mounting, state, look.at if look else None))
    return found


@allow(OPERATING_ROLES)
def plan_picture(request: HttpRequest, code: str) -> HttpResponse:
    """The picture under the plan, as PNG."""
    plan = queries.find_plan(area_of(request, code).pk)
    content = queries.picture_of(plan) if plan else b""
    if not content:
        raise Http404
    answer = HttpResponse(content, content_type="image/png")
    answer["Cache-Control"] = "private, no-cache"
    return answer


@allow(DRAWERS)
@require_POST
def picture_import(request: HttpRequest, code: str) -> HttpResponse:
    """Lay a picture under the plan."""
    area, form = area_of(request, code), PictureForm(request.POST, request.FILES)
    if form.is_valid():
        found = form.cleaned_data
        try:
            actions.import_picture(
                reader(request), code, found["picture"], width_mm=found["width_mm"], now=timezone.now()
            )
        except Refused as refusal:
            form.add_error("picture", str(refusal))
        else:
            messages.success(request, _("底图已放好。打开“修改平面图”，照着它画。"))
            return redirect("console:sign_plan", code)
    return _page(request, area, form, status=422)


@allow(DRAWERS)
@require_POST
def picture_remove(request: HttpRequest, code: str) -> HttpResponse:
    """Take the picture away."""
    area_of(request, code)
    actions.remove_picture(reader(request), code)
    messages.success(request, _("底图已拿掉，画的内容都在。"))
    return redirect("console:sign_plan", code)


@allow(DRAWERS)
@require_POST
def plan_present(request: HttpRequest, code: str) -> HttpResponse:
    """Say what there is."""
    area_of(request, code)
    form = PresentForm(request.POST)
    if not form.is_valid():
        raise Http404
    actions.set_present(reader(request), code, form.cleaned_data["present"], now=timezone.now())
    messages.success(request, _("已记下，应有的标志按它重新核对。"))
    return redirect("console:sign_plan", code)


@allow(DRAWERS)
@require_POST
def plan_restore(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """An older version becomes the newest."""
    area_of(request, code)
    base = request.POST.get("base", "")
    try:
        made = actions.restore_version(
            reader(request), code, number, base=int(base) if base.isdecimal() else 0, now=timezone.now()
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, _("已恢复第 %(old)d 版，存为第 %(number)d 版。") % {"old": number, "number": made.number}
        )
    return redirect("console:sign_plan", code)


urlpatterns = [
    path("sign-plans/", plan_list, name="sign_plans"),
    path("sign-plans/<str:code>/", plan_page, name="sign_plan"),
    path("sign-plans/<str:code>/picture/", plan_picture, name="sign_plan_picture"),
    path("sign-plans/<str:code>/picture/import/", picture_import, name="sign_plan_picture_import"),
    path("sign-plans/<str:code>/picture/remove/", picture_remove, name="sign_plan_picture_remove"),
    path("sign-plans/<str:code>/present/", plan_present, name="sign_plan_present"),
    path("sign-plans/<str:code>/versions/<int:number>/restore/", plan_restore, name="sign_plan_restore"),
]
