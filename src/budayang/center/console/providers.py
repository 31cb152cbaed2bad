"""Pages of payment providers (支付机构): who takes the money where, whether it answers, how its days came out, its
settings.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budayang.center.areas import queries as areas
from budayang.center.areas.models import Area
from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.payments import DAY_STATES, day_state
from budayang.center.console.reader import reader
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Role
from budayang.center.services.hearing import SILENT_AFTER, standing
from budayang.center.services.models import LicenceSource, PaymentProvider
from budayang.center.services.payments import actions, provider_queries
from budayang.rules.cases import yuan

READERS = provider_queries.READERS
TONES: dict[str, Tone] = {"answers": "ok", "stumbles": "warn", "silent": "stop", "unknown": "ask"}
_NO_LINE, _SLOW, _ODD = gettext_lazy("连不上"), gettext_lazy("超时"), gettext_lazy("答复不合约定")
WHY_WORDS = {
    "ConnectError": _NO_LINE,
    "ConnectTimeout": _NO_LINE,
    "ReadTimeout": _SLOW,
    "ReadError": _SLOW,
    "too large": _ODD,
    "not JSON": _ODD,
    "not an object": _ODD,
    "unreadable order": _ODD,
    "unreadable refund": _ODD,
    "unreadable statement": _ODD,
    "the answer is not of the contract": _ODD,
    "order is gone": gettext_lazy("它没有这个单号"),
    "another amount": gettext_lazy("它记的金额和我们的不同"),
    "key does not open": gettext_lazy("密钥打不开，请重新填写"),
}
"""What a question came to (services.hearing) → words; what is not here is shown as it is, e.g. HTTP 503."""


class ProviderForm(forms.Form):
    """Settings of a provider. A key is typed in and never shown."""

    code = forms.CharField(
        label=gettext_lazy("编码"), max_length=16, help_text=gettext_lazy("大写字母、数字、连字符，登记后不再改。")
    )
    name = forms.CharField(label=gettext_lazy("名称"), max_length=40)
    place = forms.ChoiceField(
        label=gettext_lazy("用在哪里"), help_text=gettext_lazy("这个地区和它下面都用；下级另外登记的，用下级自己的。")
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

    def __init__(self, actor: Actor, known: PaymentProvider | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = [one for one in platform.places_visible_to(actor) if actor.may(Role.SUPERVISOR, place_path=one.path)]
        places = self.fields["place"]
        assert isinstance(places, forms.ChoiceField)
        places.choices = [(one.path, one.name) for one in mine]
        if known is not None:
            del self.fields["code"]
            self.fields["key"].required = False


def health_of(row: PaymentProvider | LicenceSource) -> State:
    """Whether it answers, in words."""
    found = standing(row)
    word = {
        "answers": _("有应答"),
        "stumbles": _("刚才没有应答"),
        "silent": _("没有应答"),
        "unknown": _("还没有问过它"),
    }[found]
    return State(TONES[found], word)


def use_state(row: PaymentProvider | LicenceSource) -> State:
    return State("ok", _("使用中")) if row.active else State("stop", _("已停用"))


def _place_name(row: PaymentProvider) -> str:
    return _place_names().get(row.place_path, row.place_path)


def _place_names() -> dict[str, str]:
    found = {one.path: one.name for one in platform.places_visible_to(Actor.job("console.providers"))}
    return {"/": _("所有地区"), **found}


def _day(row: Any) -> State | None:
    """How the newest reconciled day came out; `row` carries `day_on` and `day_state`."""
    if row.day_on is None:
        return None
    found = DAY_STATES[row.day_state]
    return State(found.tone, f"{row.day_on.isoformat()} {found.word}")


@allow(READERS)
def providers(request: HttpRequest) -> HttpResponse:
    """Each provider that serves the reader's places."""
    actor = reader(request)
    names = _place_names()
    buttons = [Action(reverse("console:provider_areas"), _("各自助区用哪家"))]
    if actor.may(Role.SUPERVISOR):
        buttons.append(Action(reverse("console:provider_new"), _("登记支付机构"), primary=True))
    return listing(
        request,
        title=_("支付机构"),
        note=_("一个自助区用离它最近的上级登记的那一家。这里不存付款人，密钥加密保存、不再显示。"),
        columns=(
            Column("name", _("名称"), lambda row: row.name, "name"),
            Column("place", _("用在哪里"), lambda row: names.get(row.place_path, row.place_path), "place_path"),
            Column("use", _("使用"), use_state, "active", "state"),
            Column("health", _("应答"), health_of, "failures", "state"),
            Column("heard", _("最近应答"), lambda row: row.heard_at, "heard_at", "moment"),
            Column("moving", _("在途（笔）"), lambda row: row.moving, "moving", "number"),
            Column("back", _("待退（笔）"), lambda row: row.going_back, "going_back", "number"),
            Column("day", _("最近日对账"), _day, "day_on", "state"),
            Column("address", _("地址"), lambda row: row.url, "url", "code"),
        ),
        queryset=provider_queries.providers_visible_to(actor),
        filters=(
            Filter("use", _("使用"), lambda: [("1", _("使用中")), ("0", _("已停用"))], _by_use),
            Filter("health", _("应答"), _healths, _by_health),
            Filter(
                "differs",
                _("日对账"),
                lambda: [("1", _("有差异未处理"))],
                lambda rows, value: rows.filter(open_day__isnull=value != "1"),
            ),
        ),
        search=("name", "code", "url"),
        default_sort="name",
        row_url=lambda row: reverse("console:provider", args=[row.code]),
        empty=_("还没有登记支付机构，须缴费的事项在自助终端上办不了。和支付机构约定好地址和密钥后，在这里登记。"),
        export_name="providers",
        topic="services",
        actions=tuple(buttons),
    )


def _healths() -> list[tuple[str, str]]:
    return [("ok", _("有应答")), ("bad", _("没有应答")), ("unknown", _("还没有问过它"))]


def _by_health(rows: Any, value: str) -> Any:
    if value == "bad":
        return rows.filter(failures__gt=0)
    return rows.filter(failures=0, heard_at__isnull=value != "ok")


def _by_use(rows: Any, value: str) -> Any:
    return rows.filter(active=value == "1")


@allow(READERS)
def provider_areas(request: HttpRequest) -> HttpResponse:
    """Each of the reader's areas with the provider that takes its money."""
    actor = reader(request)
    rows = list(provider_queries.providers_visible_to(actor))

    def of(area: Area) -> PaymentProvider | None:
        mine = [one for one in rows if one.active and area.place.path.startswith(one.place_path)]
        return max(mine, key=lambda one: len(one.place_path), default=None)

    def health(area: Area) -> State:
        found = of(area)
        return State("ask", _("这里不能缴费")) if found is None else health_of(found)

    def narrowed(found: Any, value: str) -> Any:
        one = next((row for row in rows if row.code == value), None)
        served = provider_queries.areas_without(actor) if one is None else provider_queries.areas_served(actor, one)
        return found.filter(pk__in=served.values("pk"))

    return listing(
        request,
        title=_("各自助区用哪家支付机构"),
        note=_("部门不分别收款：一个自助区里，哪个部门的缴费都由同一家收。"),
        columns=(
            Column("area", _("自助区"), lambda row: row.name, "name"),
            Column("place", _("地区"), _region, "place__path"),
            Column("provider", _("支付机构"), lambda row: getattr(of(row), "name", None)),
            Column("health", _("应答"), health, None, "state"),
        ),
        queryset=areas.visible_to(actor).select_related("place__parent"),
        filters=(
            Filter(
                "provider",
                _("支付机构"),
                lambda: [*((one.code, one.name) for one in rows if one.active), ("-", _("没有"))],
                narrowed,
            ),
        ),
        search=("name", "code", "place__parent__name"),
        default_sort="place",
        row_url=lambda row: reverse("console:area", args=[row.code]),
        empty=_("没有您能看的自助区。"),
        export_name="provider-areas",
        topic="services",
        actions=(Action(reverse("console:providers"), _("支付机构")),),
    )


def _region(area: Area) -> str:
    return area.place.parent.name if area.place.parent is not None else area.place.name


def _find(request: HttpRequest, code: str) -> PaymentProvider:
    row = provider_queries.find_provider_row(reader(request), code)
    if row is None:
        raise Http404
    return row


def why_words(row: PaymentProvider | LicenceSource) -> str:
    """The last failure: in words where it has some, else as it was."""
    return str(WHY_WORDS.get(row.why, row.why))


@allow(READERS)
def provider(request: HttpRequest, code: str) -> HttpResponse:
    """One provider: whether it answers, whose money it takes, its days, and its settings without the key."""
    actor, row = reader(request), _find(request, code)
    served = provider_queries.areas_served(actor, row)
    held = provider_queries.held_of(row)
    context = {
        "provider": row,
        "use": use_state(row),
        "health": health_of(row),
        "why": why_words(row),
        "silent_after": SILENT_AFTER,
        "place": _place_name(row),
        "areas": served.select_related("place__parent").order_by("place__path", "code")[:200],
        "area_count": served.count(),
        "waiting_yuan": yuan(held.waiting_fen),
        "back_yuan": yuan(held.back_fen),
        "days": [(one, day_state(one)) for one in provider_queries.newest_days(row)],
        "may_days": actor.may(Role.SUPERVISOR, Role.AREA_KEEPER, Role.INSPECTOR),
        "may_set": actor.may(Role.SUPERVISOR, place_path=row.place_path),
    }
    return render(request, "console/payments/provider.html", context)


@allow(Role.SUPERVISOR)
def provider_edit(request: HttpRequest, code: str = "") -> HttpResponse:
    """Register a provider, or change one."""
    actor = reader(request)
    known = _find(request, code) if code else None
    if known is not None and not actor.may(Role.SUPERVISOR, place_path=known.place_path):
        raise Http404
    start: dict[str, Any] = {"active": True}
    if known is not None:
        start = {"name": known.name, "url": known.url, "place": known.place_path, "active": known.active}
    form = ProviderForm(actor, known, request.POST or None, initial=start)
    if form.is_valid():
        given = form.cleaned_data
        target = known.code if known is not None else given["code"].strip().upper()
        try:
            if known is None and actions.provider_code_taken(target):
                raise Refused(_("这个编码已经登记过，请换一个，或去改那一家。"))
            actions.set_provider(
                actor, target, name=given["name"], url=given["url"], key=given["key"].strip(),
                place_path=given["place"], active=given["active"], now=timezone.now(),
            )  # fmt: skip
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("已保存。下一笔缴费起按新的设置。"))
            return redirect("console:provider", target)
    context = {
        "form": form,
        "title": known.name if known is not None else _("登记支付机构"),
        "note": _("地址和密钥由支付机构给出。约定见文档“缴费”。已经开始的缴费仍向原来的地址查问，直到办完。"),
        "back_url": reverse("console:provider", args=[known.code]) if known else reverse("console:providers"),
        "back_word": known.name if known is not None else _("支付机构"),
        "submit": _("保存"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


urlpatterns = [
    path("providers/", providers, name="providers"),
    path("providers/areas/", provider_areas, name="provider_areas"),
    path("providers/new/", provider_edit, name="provider_new"),
    path("providers/<str:code>/", provider, name="provider"),
    path("providers/<str:code>/edit/", provider_edit, name="provider_edit"),
]
