"""Pages of payments: the list, one payment with its trail and refund, and the daily reconciliation."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.people import People
from budayang.center.console.reader import reader
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.services import case_queries
from budayang.center.services.models import Payment, Reconciliation, ReconciliationLine
from budayang.center.services.payments import actions, reconciling
from budayang.center.services.states import PAYMENT_WORDS, PaymentState
from budayang.rules.cases import VERDICTS, yuan

KEEPERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER})
READERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER, Role.INSPECTOR})
TONES: dict[PaymentState, Tone] = {
    PaymentState.CREATED: "hand",
    PaymentState.OPEN: "hand",
    PaymentState.CLOSED: "stop",
    PaymentState.PAID: "warn",
    PaymentState.SETTLED: "ok",
    PaymentState.REFUND_DUE: "warn",
    PaymentState.REFUNDING: "warn",
    PaymentState.REFUNDED: "ok",
    PaymentState.REFUND_REFUSED: "stop",
}
EVENT_WORDS = {
    "created": gettext_lazy("开始缴费"),
    "placed": gettext_lazy("支付机构已下单，付款码已出"),
    "stop_asked": gettext_lazy("本人取消"),
    "paid": gettext_lazy("收到款项"),
    "closed": gettext_lazy("支付机构已关单"),
    "settled": gettext_lazy("部门已据此办理"),
    "refund": gettext_lazy("须退款"),
    "refund_asked": gettext_lazy("已向支付机构申请退款"),
    "refunded": gettext_lazy("已退回付款人"),
    "refund_refused": gettext_lazy("支付机构没有退"),
    "returned": gettext_lazy("已用别的办法退回"),
}
DAY_STATES = {
    "waiting": State("ask", gettext_lazy("等支付机构的账单")),  # type: ignore[arg-type]  # lazy until shown
    "late": State("warn", gettext_lazy("账单没有来")),  # type: ignore[arg-type]
    "even": State("ok", gettext_lazy("对平")),  # type: ignore[arg-type]
    "differs": State("warn", gettext_lazy("有差异")),  # type: ignore[arg-type]
}


def payment_state(payment: Payment) -> State:
    """A payment's state as word and shape."""
    state = PaymentState(payment.state)
    return State(TONES[state], str(PAYMENT_WORDS[state]))


def day_state(row: Reconciliation) -> State:
    found = DAY_STATES[row.state]
    return State(found.tone, str(found.word))


def _states() -> list[tuple[str, str]]:
    return [(state.value, str(word)) for state, word in PAYMENT_WORDS.items()]


@allow(OPERATING_ROLES)
def payments(request: HttpRequest) -> HttpResponse:
    """Payments of the reader's places; who paid stands nowhere."""
    return listing(
        request,
        title=_("缴费"),
        columns=(
            Column("number", _("缴费单号"), lambda row: row.number, "number", "code"),
            Column("item", _("事项"), lambda row: row.case.item.name, "case__item__name"),
            Column("area", _("自助区"), lambda row: row.case.terminal.area.name, "case__terminal__area__name"),
            Column("yuan", _("金额（元）"), lambda row: yuan(row.amount_fen), "amount_fen", "number"),
            Column("state", _("状态"), payment_state, "state", "state"),
            Column("at", _("开始"), lambda row: row.created_at, "created_at", "moment"),
            Column("paid", _("收款"), lambda row: row.paid_at, "paid_at", "moment"),
            Column("refunded", _("退款"), lambda row: row.refunded_at, "refunded_at", "moment"),
        ),
        queryset=case_queries.payments_visible_to(reader(request)),
        filters=(Filter("state", _("状态"), _states, lambda rows, value: rows.filter(state=value)),),
        search=("number", "transaction", "case__item__name"),
        default_sort="-at",
        row_url=lambda row: reverse("console:payment", args=[row.number]),
        empty=_("还没有缴费。部门要求先缴费的办件会出现在这里。"),
        export_name="payments",
        topic="services",
        note=_("一张缴费单只收一次钱。收了款而没有办成的，自动退款并派出最高级的工单。"),
        actions=(Action(reverse("console:reconciliations"), _("日对账")),) if _may_read(reader(request)) else (),
    )


def _may_read(actor: Actor) -> bool:
    return actor.may(*READERS)


def _payment(request: HttpRequest, number: str) -> Payment:
    found = case_queries.payments_visible_to(reader(request)).filter(number=number).first()
    if found is None:
        raise Http404
    return found


@allow(OPERATING_ROLES)
def payment(request: HttpRequest, number: str) -> HttpResponse:
    """One payment: its amount, its trail, what became of it."""
    return _payment_page(request, _payment(request, number))


def _payment_page(request: HttpRequest, found: Payment, refused: str = "", status: int = 200) -> HttpResponse:
    keeps = reader(request).may(*KEEPERS, place_path=found.place_path)
    state = PaymentState(found.state)
    events = list(found.events.all())
    people = People(one.by for one in events)
    context = {
        "payment": found,
        "yuan": yuan(found.amount_fen),
        "state": payment_state(found),
        "trail": [(EVENT_WORDS.get(one.event, one.event), people.called(one.by), one) for one in events],
        "lines": found.lines.select_related("day").order_by("day__on"),
        "may_refund": keeps and state in (PaymentState.PAID, PaymentState.SETTLED, PaymentState.REFUND_REFUSED),
        "may_return": keeps and state is PaymentState.REFUND_REFUSED,
        "refused": refused,
        "typed": request.POST,
    }
    return render(request, "console/payments/payment.html", context, status=status)


def _do(request: HttpRequest, number: str, act: Callable[[Actor, Payment, str], object], told: str) -> HttpResponse:
    found = _payment(request, number)
    try:
        act(reader(request), found, request.POST.get("note", ""))
    except Refused as refused:
        return _payment_page(request, found, str(refused), 422)
    messages.success(request, told)
    return redirect("console:payment", number=number)


@allow(*KEEPERS)
@require_POST
def payment_refund(request: HttpRequest, number: str) -> HttpResponse:
    """冲正: give the money back."""

    def act(who: Actor, row: Payment, note: str) -> object:
        return actions.refund(who, row, reason=note, now=timezone.now())

    return _do(request, number, act, _("已开始退款，结果会更新在这里。"))


@allow(*KEEPERS)
@require_POST
def payment_returned(request: HttpRequest, number: str) -> HttpResponse:
    """The money was given back by another way."""

    def act(who: Actor, row: Payment, note: str) -> object:
        return actions.record_returned(who, row, note=note, now=timezone.now())

    return _do(request, number, act, _("已登记退回。"))


@allow(*READERS)
def reconciliations(request: HttpRequest) -> HttpResponse:
    """One row a day and provider."""
    states = [(key, str(state.word)) for key, state in DAY_STATES.items()]
    return listing(
        request,
        title=_("日对账"),
        columns=(
            Column("on", _("日期"), lambda row: row.on.isoformat(), "on"),
            Column("provider", _("支付机构"), lambda row: row.provider.name, "provider__name"),
            Column("state", _("结果"), day_state, "state", "state"),
            Column("matched", _("一致（笔）"), lambda row: row.matched, "matched", "number"),
            Column("differing", _("差异未处理（笔）"), lambda row: row.differing, "differing", "number"),
            Column("ours", _("我们的净额（元）"), lambda row: yuan(row.ours_fen), "ours_fen", "number"),
            Column("theirs", _("对方的净额（元）"), lambda row: yuan(row.theirs_fen), "theirs_fen", "number"),
            Column("done", _("对账时间"), lambda row: row.done_at, "done_at", "moment"),
        ),
        queryset=case_queries.days_visible_to(reader(request)),
        filters=(Filter("state", _("结果"), lambda: states, lambda rows, value: rows.filter(state=value)),),
        search=("provider__name",),
        default_sort="-on",
        row_url=lambda row: reverse("console:reconciliation", args=[row.pk]),
        empty=_("还没有过完的日子可以对账。每天过了零点自动取支付机构的账单来对。"),
        export_name="reconciliations",
        topic="services",
        note=_("净额＝收款－退款。两边都按支付机构记的时间、按北京时间的自然日计。差异逐笔由人处理，处理完才算对平。"),
    )


def _day(request: HttpRequest, pk: int) -> Reconciliation:
    found = case_queries.days_visible_to(reader(request)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@allow(*READERS)
def reconciliation(request: HttpRequest, pk: int) -> HttpResponse:
    """A day, line by line, differences first."""
    return _day_page(request, _day(request, pk))


def _day_page(request: HttpRequest, row: Reconciliation, refused: str = "", line: int = 0) -> HttpResponse:
    lines = sorted(row.lines.all(), key=lambda one: (one.verdict == "matched", one.settled_at is not None, one.number))
    shown = [
        {
            "line": one,
            "word": words(VERDICTS[one.verdict]),
            "ours": "" if one.ours_fen is None else yuan(one.ours_fen),
            "theirs": "" if one.theirs_fen is None else yuan(one.theirs_fen),
            "open": one.verdict != "matched" and one.settled_at is None,
        }
        for one in lines[:500]
    ]
    context = {
        "day": row,
        "state": day_state(row),
        "ours": yuan(row.ours_fen),
        "theirs": yuan(row.theirs_fen),
        "lines": shown,
        "more": max(0, len(lines) - 500),
        "keeps": reader(request).may(*KEEPERS, place_path=row.provider.place_path),
        "may_again": reader(request).may(Role.SUPERVISOR, place_path=row.provider.place_path),
        "refused": refused,
        "refused_line": line,
        "typed": request.POST.get("note", ""),
    }
    return render(request, "console/payments/day.html", context, status=422 if refused else 200)


@allow(*KEEPERS)
@require_POST
def difference_settle(request: HttpRequest, pk: int, line: int) -> HttpResponse:
    """Say what a difference was and what was done about it."""
    row = _day(request, pk)
    found = ReconciliationLine.objects.filter(pk=line, day=row).first()
    if found is None:
        raise Http404
    try:
        reconciling.settle_line(reader(request), found, note=request.POST.get("note", ""), now=timezone.now())
    except Refused as refused:
        return _day_page(request, row, str(refused), line)
    messages.success(request, _("已登记这一笔差异的处理。"))
    return redirect("console:reconciliation", pk=pk)


@allow(Role.SUPERVISOR)
@require_POST
def reconciliation_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Fetch the statement anew and compare once more."""
    reconciling.ask_day_again(reader(request), _day(request, pk), timezone.now())
    messages.success(request, _("已安排重新取账单，稍后刷新看结果。"))
    return redirect("console:reconciliation", pk=pk)


urlpatterns = [
    path("payments/", payments, name="payments"),
    path("payments/days/", reconciliations, name="reconciliations"),
    path("payments/days/<int:pk>/", reconciliation, name="reconciliation"),
    path("payments/days/<int:pk>/again/", reconciliation_again, name="reconciliation_again"),
    path("payments/days/<int:pk>/<int:line>/", difference_settle, name="difference_settle"),
    path("payments/<str:number>/", payment, name="payment"),
    path("payments/<str:number>/refund/", payment_refund, name="payment_refund"),
    path("payments/<str:number>/returned/", payment_returned, name="payment_returned"),
]
