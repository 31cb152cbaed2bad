"""Pages of the departments' machines that are watched from beside: list, one machine, its sources, its cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.console.watching_forms import CostForm, RelayChoiceForm, SeenForm, SourceForm
from budayang.center.maintenance.round_queries import open_rounds_of
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Role
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.terminals import queries, watching_actions
from budayang.center.terminals import watching_queries as watching
from budayang.center.terminals.models import Terminal, WatchNow, WatchProfile, WatchSource
from budayang.papers.qr import qr_svg
from budayang.rules.terminals import meaning
from budayang.rules.watching import (
    BY_KIND,
    FACT_NAMES,
    HOW_SEEN,
    SEEN_NAMES,
    USABLE_NAMES,
    Fact,
    Seen,
    Usable,
    cheapest,
)

KEEPERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER})
SEERS = KEEPERS | {Role.OWNER_UNIT, Role.VENDOR_ENGINEER}
TONES: dict[str, Tone] = {"ok": "ok", "on": "hand", "off": "stop", "unreachable": "stop", "fault": "stop"}


def usable_state(told: WatchNow | None) -> State:
    """The verdict as word and shape; nothing told yet is unknown."""
    word = Usable(told.usable) if told else Usable.UNKNOWN
    return State(TONES.get(word.value, "ask"), words(USABLE_NAMES[word]))


def _machine(request: HttpRequest, code: str) -> Terminal:
    """The watched machine, or 404 when it is not there or not this reader's."""
    found = watching.watched_visible_to(reader(request)).filter(code=code).first()
    if found is None:
        raise Http404
    return found


def _url(machine: Terminal) -> str:
    return reverse("console:watched", args=[machine.code])


class _Rows:
    """Verdicts and costs of a page of machines, in two queries."""

    def __init__(self) -> None:
        self.told: dict[int, WatchNow] = {}
        self.cost: dict[int, watching.Cost] = {}

    def prepare(self, machines: Sequence[Terminal]) -> None:
        ids = [one.pk for one in machines]
        self.told, self.cost = watching.told_of(ids), watching.costs_of(ids)

    def state(self, machine: Terminal) -> State:
        return usable_state(self.told.get(machine.pk))

    def why(self, machine: Terminal) -> str:
        told = self.told.get(machine.pk)
        return words(told.text) if told and told.text else _("还没有任何来源")

    def unknown(self, machine: Terminal) -> str:
        told = self.told.get(machine.pk)
        facts = [Fact(one) for one in told.unknown] if told else list(Fact)
        return words("、".join(FACT_NAMES[fact] for fact in facts)) or "—"

    def price(self, machine: Terminal) -> str:
        return f"{self.cost.get(machine.pk, watching.NOTHING).price:.0f}"

    def minutes(self, machine: Terminal) -> str:
        return str(self.cost.get(machine.pk, watching.NOTHING).minutes)


@allow(OPERATING_ROLES)
def watched_list(request: HttpRequest) -> HttpResponse:
    """Every watched machine that the reader may see: what is known of it, on what grounds, and what it cost."""
    actor, rows = reader(request), _Rows()

    def by_usable(found: QuerySet[Any], word: str) -> QuerySet[Any]:
        return (
            found.exclude(watch_now__usable__in=[w for w in Usable if w is not Usable.UNKNOWN])
            if (word == "unknown")
            else found.filter(watch_now__usable=word)
        )

    return listing(
        request,
        title=_("专机监测"),
        note=_("部门专机不装我们的程序，从旁边看。每个来源只证明它看得到的；没有来源证明的写“未知”，不当作正常。"),
        columns=(
            Column("code", _("编号"), lambda one: one.code, sort="code", kind="code"),
            Column("name", _("名称"), lambda one: one.name, sort="name"),
            Column("usable", _("现在"), rows.state, kind="state"),
            Column("why", _("凭什么"), rows.why),
            Column("unknown", _("还不知道"), rows.unknown),
            Column("area", _("自助区"), lambda one: one.area.name, sort="area__name"),
            Column("owner", _("设备归属单位"), lambda one: one.owner.name, sort="owner__name"),
            Column("price", _("器材（元）"), rows.price, kind="number"),
            Column("minutes", _("工时（分钟）"), rows.minutes, kind="number"),
        ),
        queryset=watching.watched_visible_to(actor).exclude(state=Terminal.State.RETIRED),
        filters=(
            Filter("area", _("自助区"), lambda: list(areas.visible_to(actor).values_list("code", "name")),
                   lambda found, code: found.filter(area__code=code)),
            Filter("usable", _("现在"), lambda: [(word.value, words(name)) for word, name in USABLE_NAMES.items()],
                   by_usable),
        ),
        search=("code", "name", "area__name", "owner__name"),
        default_sort="code",
        row_url=_url,
        empty=_("还没有部门专机。先在“自助终端”登记，类别选“部门专机”，再到这里加监测来源。"),
        export_name=_("专机监测"),
        topic="terminals",
        actions=(
            Action(reverse("console:watch_prices"), _("来源与花费")),
            Action(reverse("console:relays"), _("中继"), primary=True),
        ),
        prepare=rows.prepare,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _SourceCard:
    """A source on a machine's page: where it looks, what it says, since when, for which facts it stands."""

    row: WatchSource
    name: str
    where: str
    state: State
    since: Any
    raw: str
    proves: str


def _cards(machine: Terminal, profile: WatchProfile | None) -> list[_SourceCard]:
    states = queries.current_states([machine.pk])[machine.pk]
    cards = []
    for row in watching.sources_of(profile):
        kind = BY_KIND[row.kind]
        now = states.get((row.subject, kind.prop))
        told = meaning(kind.subject, kind.prop, now.state if now else "unknown")
        tone: Tone = (
            "ask" if now is None or now.state not in kind.says else "ok" if told.level.value == "ok" else "warn"
        )
        where = str(row.settings.get("url") or row.settings.get("host") or "")
        number = row.settings.get("if_index") or (row.settings.get("port") if row.kind == "tcp" else "")
        cards.append(
            _SourceCard(
                row, words(kind.name), f"{where} {number}".strip(), State(tone, words(told.text)),
                now.since if now else None, now.raw if now else "",
                words("、".join(FACT_NAMES[Fact(one)] for one in row.proves)) or _("自助区的门"),
            )
        )  # fmt: skip
    return cards


def _live(request: HttpRequest, machine: Terminal) -> dict[str, Any]:
    """What changes by itself on a machine's page."""
    profile, told = watching.profile_of(machine.pk), watching.told_of([machine.pk]).get(machine.pk)
    unknown = [Fact(one) for one in told.unknown] if told else list(Fact)
    present = [one.kind for one in watching.sources_of(profile)]
    priced = {one.source.kind: one for one in watching.price_list(machine.area.place.path, timezone.now())}
    place = machine.area.place.path
    return {
        "machine": machine,
        "profile": profile,
        "told": told,
        "state": usable_state(told),
        "text": words(told.text) if told and told.text else _("还没有任何来源"),
        "unknown": [words(FACT_NAMES[fact]) for fact in unknown],
        "offers": [priced[one.kind] for one in cheapest(unknown, present)][:3],
        "sources": _cards(machine, profile),
        "keeps": reader(request).may(*KEEPERS, place_path=place),
    }


@allow(OPERATING_ROLES)
def watched(request: HttpRequest, code: str) -> HttpResponse:
    """One machine."""
    machine = _machine(request, code)
    context = _live(request, machine)
    seen = [
        {"row": row, "how": words(HOW_SEEN[row.how]), "state": words(SEEN_NAMES[Seen(row.state)])}
        for row in watching.seen_of(machine.pk)
    ]
    profile: WatchProfile | None = context["profile"]
    context |= {
        "seen": seen,
        "now": timezone.now(),
        "costs": list(profile.costs.all()) if profile else [],
        "cost": watching.costs_of([machine.pk]).get(machine.pk, watching.NOTHING),
        "kinds": list(BY_KIND.values()),
        "may_see": reader(request).may(
            *SEERS, place_path=machine.area.place.path, organizations=(machine.owner_id, machine.vendor_id)
        ),
    }
    return render(request, "console/watching/machine.html", context)


@allow(OPERATING_ROLES)
def watched_live(request: HttpRequest, code: str) -> HttpResponse:
    """The part of the page that changes by itself."""
    return render(request, "console/watching/_machine_live.html", _live(request, _machine(request, code)))


def _form(request: HttpRequest, machine: Terminal, form: Any, title: str, submit: str, note: str = "") -> HttpResponse:
    context = {
        "form": form, "title": title, "submit": submit, "note": note, "back_url": _url(machine),
        "back_word": f"{machine.code} {machine.name}",
    }  # fmt: skip
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


@allow(KEEPERS)
def source_new(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """Add a source of one kind."""
    machine = _machine(request, code)
    priced = {one.source.kind: one for one in watching.price_list(machine.area.place.path, timezone.now())}
    if kind not in priced:
        raise Http404
    form = SourceForm(priced[kind], request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            row = watching_actions.add_source(
                reader(request), machine.pk, kind=kind, settings=form.settings(), proves=found["proves"],
                interval_s=found["interval_s"], keep_s=found["keep_s"], price=found["price"],
                minutes=found["minutes"], now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            if kind in watching_actions.CALLERS:
                return _token(request, machine, row)
            messages.success(request, _("已添加。中继几秒内开始检查。"))
            return redirect(_url(machine))
    name = words(BY_KIND[kind].name)
    return _form(
        request, machine, form, _("添加来源：%(name)s") % {"name": name}, _("添加"),
        _("它能知道：%(what)s。") % {"what": words(BY_KIND[kind].settles)},
    )  # fmt: skip


def _source(request: HttpRequest, code: str, number: int) -> tuple[Terminal, WatchSource]:
    machine = _machine(request, code)
    row = next((one for one in watching.sources_of(watching.profile_of(machine.pk)) if one.pk == number), None)
    if row is None:
        raise Http404
    return machine, row


@allow(KEEPERS)
@require_POST
def source_remove(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Take a source out."""
    machine, row = _source(request, code, number)
    watching_actions.remove_source(reader(request), row.pk, timezone.now())
    messages.success(request, _("已去掉。它说过的和花费都留着。"))
    return redirect(_url(machine))


@allow(KEEPERS)
@require_POST
def source_token(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """A new token of a heartbeat or a door, shown once."""
    machine, row = _source(request, code, number)
    return _token(request, machine, row)


def _token(request: HttpRequest, machine: Terminal, row: WatchSource) -> HttpResponse:
    try:
        token = watching_actions.issue_heartbeat_token(reader(request), row.pk, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(_url(machine))
    minutes = max(1, round(float(row.settings.get("every_s", 60)) / 60))
    context = {"machine": machine, "token": token, "minutes": minutes, "door": row.kind == "door"}
    answer = render(request, "console/watching/token.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@allow(KEEPERS)
def relay_choice(request: HttpRequest, code: str) -> HttpResponse:
    """Say which relay watches a machine."""
    machine = _machine(request, code)
    relays = watching.relays_visible_to(reader(request)).filter(area_id=machine.area_id)
    profile = watching.profile_of(machine.pk)
    form = RelayChoiceForm(
        relays.exclude(state="retired"), request.POST or None, initial={"relay": profile.relay_id if profile else None}
    )
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["relay"]
        try:
            watching_actions.set_relay(reader(request), machine.pk, chosen.pk if chosen else None, timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect(_url(machine))
    return _form(request, machine, form, _("选择中继"), _("保存"))


@allow(SEERS)
def seen_new(request: HttpRequest, code: str) -> HttpResponse:
    """I stand at the machine: it works, or it does not."""
    machine, now = _machine(request, code), timezone.now()
    form = SeenForm(request.POST or None, initial=SeenForm.suggestion(now))
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            watching_actions.record_seen(
                reader(request), machine.pk, what=found["what"], state=found["state"], at=found["at"],
                note=found["note"], now=now,
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已记下。到期以前它算数，之后又是未知。"))
            return redirect(_url(machine))
    note = _("请站在机器前填写。没有亲眼看到的不要填。")
    return _form(request, machine, form, _("我在现场确认 %(code)s") % {"code": machine.code}, _("记下"), note)


@allow(KEEPERS)
def cost_new(request: HttpRequest, code: str) -> HttpResponse:
    """Note what was bought or worked."""
    machine = _machine(request, code)
    form = CostForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        watching_actions.note_cost(
            reader(request), machine.pk, part=found["part"], price=found["price"], minutes=found["minutes"],
            now=timezone.now(),
        )  # fmt: skip
        messages.success(request, _("已记下。"))
        return redirect(_url(machine))
    return _form(request, machine, form, _("补记花费"), _("记下"))


@allow(OPERATING_ROLES)
def qr_picture(request: HttpRequest, code: str) -> HttpResponse:
    """The label's code as SVG: it leads to "I confirm at the machine"."""
    machine = _machine(request, code)
    profile = watching.profile_of(machine.pk)
    if profile is None:
        raise Http404
    address = settings.BUDAYANG.public_url + reverse("console:watched_label", args=[profile.qr])
    return HttpResponse(qr_svg(address, quiet_zone=4), content_type="image/svg+xml")


@allow(SEERS)
def label(request: HttpRequest, qr: str) -> HttpResponse:
    """Where a machine's label leads to."""
    machine = watching.terminal_of_qr(qr)
    if machine is None or not watching.watched_visible_to(reader(request)).filter(pk=machine.pk).exists():
        raise Http404
    if any(machine.code in one.stops for one in open_rounds_of(reader(request), timezone.now())):
        return redirect(f"{reverse('console:round_here')}?{urlencode({'c': qr})}")
    return redirect(reverse("console:watched_seen", args=[machine.code]))


urlpatterns = [
    path("watching/", watched_list, name="watching"),
    path("watching/label/<slug:qr>/", label, name="watched_label"),
    path("watching/<slug:code>/", watched, name="watched"),
    path("watching/<slug:code>/live/", watched_live, name="watched_live"),
    path("watching/<slug:code>/label.svg", qr_picture, name="watched_qr"),
    path("watching/<slug:code>/relay/", relay_choice, name="watched_relay"),
    path("watching/<slug:code>/seen/", seen_new, name="watched_seen"),
    path("watching/<slug:code>/cost/", cost_new, name="watched_cost"),
    path("watching/<slug:code>/sources/<slug:kind>/", source_new, name="watch_source_new"),
    path("watching/<slug:code>/source/<int:number>/remove/", source_remove, name="watch_source_remove"),
    path("watching/<slug:code>/source/<int:number>/token/", source_token, name="watch_source_token"),
]
