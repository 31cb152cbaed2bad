"""Pages of the stock book (库存台账): balances, each stock's lines and numbered sheets, and what is written into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.console.listing import Action, Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.console.supply_forms import AdjustForm, CorrectForm, ReceiveForm, SheetsForm, TakeOutForm
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.terminals import stock_actions, supply_queries
from budayang.center.terminals.models import Stock, StockMovement
from budayang.rules.consumables import CONSUMABLES, SHEET_EVENT_NAMES, SHEET_NAMES, Sheet, get_consumable

BOOKERS = frozenset(stock_actions.BOOKERS)
KINDS = {"in": "入库", "out": "出库", "return": "退回", "adjust": "盘点更正"}
TONES: dict[Sheet, Any] = {
    Sheet.STOCK: "ok", Sheet.ISSUED: "hand", Sheet.USED: "ask", Sheet.VOID: "stop", Sheet.LOST: "warn",
}  # fmt: skip


def _url(stock: Stock) -> str:
    return reverse("console:stock_book", args=[stock.pk])


def _stock(request: HttpRequest, stock_id: int) -> Stock:
    """The stock, or 404 when it is not there or not this reader's."""
    try:
        return supply_queries.get_stock(reader(request), stock_id)
    except Stock.DoesNotExist as error:
        raise Http404 from error


def _may_book(request: HttpRequest, stock: Stock) -> bool:
    path_ = stock.area.place.path
    return reader(request).may(*BOOKERS, place_path=path_, organizations=(stock.organization_id,))


def _name(stock: Stock) -> str:
    return words(get_consumable(stock.consumable).name)


def _balance(stock: Stock) -> State:
    unit = words(get_consumable(stock.consumable).unit)
    return State("ok" if stock.balance else "stop", f"{stock.balance} {unit}" if stock.balance else _("没有了"))


@allow(OPERATING_ROLES)
def stock_list(request: HttpRequest) -> HttpResponse:
    """Balances by body, area and consumable."""
    actor = reader(request)

    def bodies() -> list[tuple[str, str]]:
        return list(platform.organizations_visible_to(actor).values_list("code", "name"))

    return listing(
        request,
        title=_("库存台账"),
        note=_("各单位放在各自助区的耗材。结存由每一笔相加，不能改，也不会低于零；记错了用新的一笔更正。"),
        columns=(
            Column("what", _("耗材"), _name, sort="consumable"),
            Column("balance", _("结存"), _balance, sort="balance", kind="state"),
            Column("area", _("自助区"), lambda one: one.area.name, sort="area__name"),
            Column("body", _("单位"), lambda one: one.organization.name, sort="organization__name"),
        ),
        queryset=supply_queries.stocks_visible_to(actor),
        filters=(
            Filter(
                "kind",
                _("耗材"),
                lambda: [(one.code, words(one.name)) for one in CONSUMABLES],
                lambda found, code: found.filter(consumable=code),
            ),
            Filter(
                "area",
                _("自助区"),
                lambda: list(areas.visible_to(actor).values_list("code", "name")),
                lambda found, code: found.filter(area__code=code),
            ),
            Filter("body", _("单位"), bodies, lambda found, code: found.filter(organization__code=code)),
        ),
        search=("area__name", "organization__name"),
        default_sort="area",
        row_url=_url,
        empty=_("还没有库存。收到耗材时点“入库”登记第一笔。"),
        export_name=_("库存结存"),
        actions=(Action(reverse("console:stock_in"), _("入库"), primary=True),) if actor.may(*BOOKERS) else (),
    )


class _Lines:
    """Which lines of the page are taken back by a later one: one query."""

    def __init__(self) -> None:
        self.corrected: set[int] = set()

    def prepare(self, rows: Sequence[StockMovement]) -> None:
        self.corrected = supply_queries.corrected_of(rows)

    def kind(self, row: StockMovement) -> str:
        if row.corrects_id:
            return _("更正第 %(n)d 笔") % {"n": row.corrects_id}
        word = str(words(KINDS[row.kind]))
        return _("%(word)s（已更正）") % {"word": word} if row.pk in self.corrected else word


def _numbers(row: StockMovement) -> str:
    if not row.first_number:
        return ""
    return row.first_number if row.first_number == row.last_number else f"{row.first_number}—{row.last_number}"


@allow(OPERATING_ROLES)
def stock_book(request: HttpRequest, stock_id: int) -> HttpResponse:
    """One stock: its lines, and of numbered sheets where each is."""
    stock = _stock(request, stock_id)
    rows, kind, books = _Lines(), get_consumable(stock.consumable), _may_book(request, stock)
    actions: list[Action] = []
    if books:
        actions.append(Action(f"{reverse('console:stock_in')}?stock={stock.pk}", _("入库"), primary=True))
        if kind.numbered:
            actions.append(Action(reverse("console:stock_sheets", args=[stock.pk]), _("按编号登记")))
        else:
            actions.append(Action(reverse("console:stock_out", args=[stock.pk]), _("出库")))
            actions.append(Action(reverse("console:stock_count", args=[stock.pk]), _("盘点")))
    sheets = supply_queries.sheets_of(stock) if kind.numbered else []
    above = render_to_string(
        "console/supplies/_stock.html",
        {
            "stock": stock,
            "unit": words(kind.unit),
            "numbered": kind.numbered,
            "sheets": [(one, State(TONES[one.state], words(SHEET_NAMES[one.state]))) for one in sheets],
            "events": [
                (one, words(SHEET_EVENT_NAMES[one.event])) for one in supply_queries.events_of(stock, 20)
            ] if kind.numbered else [],
        },
        request=request,
    )  # fmt: skip
    return listing(
        request,
        title=f"{_name(stock)} · {stock.area.name}",
        note=(
            _("%(body)s的库存，一笔一行。点笔号可以更正。")
            if books and not kind.numbered
            else _("%(body)s的库存，一笔一行。")
        )
        % {"body": stock.organization.name},
        columns=(
            Column("n", _("笔"), lambda one: one.pk, sort="pk", kind="number"),
            Column("at", _("时间"), lambda one: one.at, sort="at", kind="moment"),
            Column("kind", _("类别"), rows.kind, sort="kind"),
            Column("amount", _("数量"), lambda one: f"{one.amount:+d}", sort="amount", kind="number"),
            Column("balance", _("结存"), lambda one: one.balance, kind="number"),
            Column("numbers", _("起止编号"), _numbers, sort="first_number"),
            Column("terminal", _("终端"), lambda one: one.terminal and one.terminal.code, sort="terminal__code"),
            Column("by", _("登记人"), lambda one: one.by, sort="by"),
            Column("why", _("说明"), lambda one: words(one.why)),
        ),
        queryset=supply_queries.movements_visible_to(reader(request)).filter(stock=stock),
        filters=(
            Filter(
                "kind",
                _("类别"),
                lambda: [(key, words(word)) for key, word in KINDS.items()],
                lambda found, word: found.filter(kind=word),
            ),
        ),
        search=("by", "why", "terminal__code", "first_number", "last_number"),
        default_sort="-n",
        row_url=(lambda one: reverse("console:stock_correct", args=[one.pk])) if books and not kind.numbered else None,
        empty=_("还没有记过账。"),
        export_name=_("库存流水"),
        actions=actions,
        prepare=rows.prepare,
        above=above,
    )


def _answer(request: HttpRequest, form: forms.Form, *, title: str, submit: str, note: str, back: str) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "note": note,
        "submit": submit,
        "back_url": back,
        "back_word": _("库存台账"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


def _asked(request: HttpRequest) -> Stock | None:
    """The stock that the form is to begin with."""
    text = request.GET.get("stock", "")
    if not text.isdecimal() or len(text) > 12:
        return None
    return supply_queries.stocks_visible_to(reader(request)).filter(pk=int(text)).first()


@allow(BOOKERS)
def stock_in(request: HttpRequest) -> HttpResponse:
    """入库."""
    actor, known = reader(request), _asked(request)
    initial: dict[str, str] = {}
    if known is not None:
        initial = {
            "organization": known.organization.code,
            "area": known.area.code,
            "consumable": known.consumable,
        }
    bodies = platform.organizations_visible_to(actor).filter(kind__in=("owner", "vendor", "manager"))
    form = ReceiveForm(bodies, areas.visible_to(actor), request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            line = stock_actions.receive(
                actor,
                organization=typed["organization"],
                area=typed["area"].code,
                consumable=typed["consumable"],
                amount=typed["amount"] or 0,
                first=typed["first"],
                last=typed["last"],
                why=typed["why"],
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        except Forbidden:
            form.add_error("organization", _("您只能为自己的单位、在自己的范围内入库。"))
        else:
            messages.success(request, _("已入库，结存 %(n)d。") % {"n": line.balance})
            return redirect(_url(line.stock))
    back = _url(known) if known else reverse("console:stock")
    return _answer(request, form, title=_("入库"), submit=_("入库"), note="", back=back)


def _write(
    request: HttpRequest,
    stock: Stock,
    form: forms.Form,
    act: Callable[[dict[str, Any]], object],
    *,
    title: str,
    submit: str,
    note: str = "",
) -> HttpResponse:
    """A form about one stock: done and back to its book, or refused with everything that was typed."""
    if request.method == "POST" and form.is_valid():
        try:
            act(form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已登记。"))
            return redirect(_url(stock))
    unit = words(get_consumable(stock.consumable).unit)
    said = note or _("账面结存 %(n)d %(unit)s") % {"n": stock.balance, "unit": unit}
    return _answer(
        request, form, title=f"{title}：{_name(stock)} · {stock.area.name}", submit=submit, note=said, back=_url(stock)
    )


@allow(BOOKERS)
def stock_out(request: HttpRequest, stock_id: int) -> HttpResponse:
    """出库, not into a machine."""
    stock = _stock(request, stock_id)
    return _write(
        request,
        stock,
        TakeOutForm(request.POST or None),
        lambda typed: stock_actions.take_out(reader(request), stock, now=timezone.now(), **typed),
        title=_("出库"),
        submit=_("出库"),
    )


@allow(BOOKERS)
def stock_count(request: HttpRequest, stock_id: int) -> HttpResponse:
    """盘点."""
    stock = _stock(request, stock_id)
    return _write(
        request,
        stock,
        AdjustForm(request.POST or None),
        lambda typed: stock_actions.adjust(reader(request), stock, now=timezone.now(), **typed),
        title=_("盘点"),
        submit=_("登记盘点"),
    )


@allow(BOOKERS)
def stock_sheets(request: HttpRequest, stock_id: int) -> HttpResponse:
    """What became of numbered sheets."""
    stock = _stock(request, stock_id)
    return _write(
        request,
        stock,
        SheetsForm(request.POST or None),
        lambda typed: stock_actions.mark_sheets(reader(request), stock, now=timezone.now(), **typed),
        title=_("按编号登记"),
        submit=_("登记"),
        note=_("领到终端的在终端的“登记补充”里写。"),
    )


@allow(BOOKERS)
def stock_correct(request: HttpRequest, movement_id: int) -> HttpResponse:
    """Take a line back by a new one."""
    line = supply_queries.movements_visible_to(reader(request)).filter(pk=movement_id).first()
    if line is None:
        raise Http404
    said = _("第 %(n)d 笔：%(amount)+d，%(by)s。更正会新记一笔相反的数量，原来的一笔保留。") % {
        "n": line.pk,
        "amount": line.amount,
        "by": line.by,
    }
    return _write(
        request,
        line.stock,
        CorrectForm(request.POST or None),
        lambda typed: stock_actions.correct(reader(request), line, now=timezone.now(), **typed),
        title=_("更正"),
        submit=_("更正这一笔"),
        note=said,
    )


urlpatterns = [
    path("stock/", stock_list, name="stock"),
    path("stock/in/", stock_in, name="stock_in"),
    path("stock/<int:stock_id>/", stock_book, name="stock_book"),
    path("stock/<int:stock_id>/out/", stock_out, name="stock_out"),
    path("stock/<int:stock_id>/count/", stock_count, name="stock_count"),
    path("stock/<int:stock_id>/sheets/", stock_sheets, name="stock_sheets"),
    path("stock/lines/<int:movement_id>/correct/", stock_correct, name="stock_correct"),
]
