"""A trial in words: what was set and assumed, figures before and after, tables. Pages and papers say the same."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from django.utils.translation import gettext as _

from budayang.center.platform.wording import words
from budayang.center.services.queries import department_name
from budayang.center.standard.models import Edition, Trial
from budayang.center.standard.trial_queries import Told, chosen_of
from budayang.rules.causes import BUCKETS, Bucket
from budayang.rules.hours import BUCKET_ORDER, UNCOUNTED
from budayang.rules.parameters import BY_NAME
from budayang.rules.standard import METRICS
from budayang.rules.standard.answers import ANSWER_NAMES, Answer, show
from budayang.rules.standard.trial_clauses import JUDGED_BY, WHY_LEFT
from budayang.rules.standard.trial_measures import BY_CODE, WEEKDAYS, Ask
from budayang.rules.standard.trial_results import CANNOT_KNOW, AreaResult, ClauseChange, Hours, Result

HOUR_US = 3_600_000_000
NOTHING = "—"


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure: what it is, before, after, and what it leaves out. `before` empty: there is no before."""

    title: str
    before: str
    after: str
    note: str


def hours(us: int) -> str:
    return f"{us / HOUR_US:,.1f}"


def share(found: Hours) -> float | None:
    """Usable share of what is judged."""
    counted = found.promised - sum(found.lost.get(BUCKET_ORDER[place].value, 0) for place in UNCOUNTED)
    return found.usable / counted if counted > 0 else None


def share_words(found: Hours) -> str:
    value = share(found)
    return NOTHING if value is None else words(show(value, "ratio"))


def yuan(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.2f}"


def value_words(ask: Ask, value: float | str) -> str:
    """What was set for a measure, with its unit."""
    match ask.kind:
        case "number":
            return f"{float(value):g} {words(ask.unit)}".strip()
        case "weekdays":
            return "、".join(words(WEEKDAYS[one]) for one in str(value).split()) or NOTHING
        case "choice":
            return words((ask.choices or {}).get(str(value), str(value)))
        case "department":
            return department_name(str(value)) if value else NOTHING
        case _:
            return str(value) or NOTHING


def asked_of(row: Trial) -> list[tuple[str, str]]:
    """(measure or subject, what was set) of a trial."""
    found = []
    for one in chosen_of(row):
        measure = BY_CODE[one.code]
        told = "；".join(f"{words(ask.label)} {value_words(ask, one.values[ask.name])}" for ask in measure.asks)
        found.append((words(measure.name), told))
    if row.edition is not None:
        found.append((_("标准版本"), f"{row.edition.code} {edition_words(row.edition)}"))
        changed = _changed_values(row.edition, row.in_force)
        if changed:
            found.append((_("改了的数"), changed))
    cost = {"once": yuan(row.once), "monthly": yuan(row.monthly)}
    found.append((_("费用"), _("一次投入 %(once)s 元，每月 %(monthly)s 元") % cost))
    if row.note:
        found.append((_("说明"), row.note))
    return found


def _changed_values(edition: Edition, in_force: Edition | None) -> str:
    """The values that answers depend on and that an edition sets otherwise than the one in force; "" for none."""
    if in_force is None:
        return ""
    was = {one.name: one.value for one in in_force.values.all()}
    told = []
    for one in edition.values.all():
        if one.name in JUDGED_BY and one.name in was and was[one.name] != one.value:
            known = BY_NAME[one.name]
            before, after = (_number(value, known.unit) for value in (was[one.name], one.value))
            told.append(f"{words(known.label)} {before} → {after}")
    return "；".join(told)


def edition_words(edition: Edition) -> str:
    """Its title; a reference edition says so."""
    mark = _("参照版")
    return f"{edition.title}（{mark}）" if edition.is_reference and mark not in edition.title else edition.title


def assumed_of(row: Trial) -> list[tuple[str, list[str]]]:
    """(measure, what it assumes), then what no replay can know."""
    found = [(words(BY_CODE[one.code].name), [words(a) for a in BY_CODE[one.code].assumes]) for one in chosen_of(row)]
    if row.edition is not None:
        told = _("两个版本用同样的记录和人工填报来判断；人工填报按条款代码对应。")
        found.append((_("标准版本"), [told]))
    return [*found, (_("回放不知道的"), [words(one) for one in CANNOT_KNOW])]


def facts_of(told: Told) -> list[Fact]:
    """The figures of a result."""
    result, cost = told.result, told.cost
    assert result is not None, "there is a result"
    assert cost is not None, "a result has a cost"
    before, after, people, orders = result.before, result.after, result.refusals, result.orders
    items = [Hours(), Hours()]
    for one in result.areas:
        items[0].plus(one.items_before)
        items[1].plus(one.items_after)
    met = sum(one.after == "met" for _area, one in result.turned)
    counts = {"n": f"{result.judged:,}", "areas": len(result.areas), "months": len(result.months)}
    sample = {"refused": people.refused, "wasted": people.wasted}
    explained = {"n": people.explained + people.wasted_explained} | sample
    more = _("按每台终端平时同一钟点的办件推算，不是记录；不到 20 件不推")
    return [
        Fact(
            _("终端可用时间（小时）"), hours(before.usable), hours(after.usable),
            _("承诺 %(n)s 小时；多出 %(won)s 小时")
            % {"n": hours(before.promised), "won": hours(after.usable - before.usable)},
        ),
        Fact(_("终端可用率"), share_words(before), share_words(after), _("计划停用和监测中断不计")),
        Fact(
            _("事项能办的时间（事项·小时）"), hours(items[0].usable), hours(items[1].usable),
            _("每台终端每个事项各算各的；承诺 %(before)s → %(after)s 小时")
            % {"before": hours(items[0].promised), "after": hours(items[1].promised)},
        ),
        Fact(
            _("结论会变的条款"), "", f"{len(result.turned)}",
            _("其中变为符合 %(met)d 条；比较了 %(n)s 个结论（%(areas)d 个自助区、%(months)d 个月）")
            % (counts | {"met": met}),
        ),
        Fact(
            _("本可不白跑的（有记录的）"), "", f"{people.all_avoided}",
            _("不让开始 %(refused)d 趟、开始了没办成 %(wasted)d 趟，其中 %(n)d 趟那时事项确实办不了") % explained,
        ),
        Fact(
            _("工单（张）"), f"{orders.seen:,}", f"{orders.seen - orders.gone:,}",
            _("%(gone)d 张不会有，%(sooner)d 张修得更快") % {"gone": orders.gone, "sooner": orders.sooner},
        ),
        Fact(
            _("平均修复用时（小时）"), _mean(orders.used_s, orders.repaired),
            _mean(orders.used_after_s, orders.repaired_after),
            _("修好了的工单，停钟的时间不计"),
        ),
        Fact(_("估计会多办"), "", NOTHING if people.more is None else f"{people.more:,.1f}", more),
        Fact(_("费用合计（元）"), "", yuan(cost.total), _("一次投入全部计入这些月份")),
        Fact(_("每少一趟白跑（元）"), "", yuan(cost.each), _("费用合计 ÷ 本可不白跑的趟数；没有就不算")),
        Fact(_("每多一小时可用（元）"), "", yuan(cost.hour), _("费用合计 ÷ 终端多出的可用小时")),
    ]  # fmt: skip


def _mean(seconds: float, count: int) -> str:
    return f"{seconds / count / 3600:,.1f}" if count else NOTHING


def buckets_of(result: Result) -> list[tuple[str, str, str, str]]:
    """(cause, hours before, hours after, difference), usable time first; together they are what was promised."""
    before, after = result.before, result.after
    rows = [(_("可用"), before.usable, after.usable)]
    for bucket in BUCKET_ORDER:
        was, would = before.lost.get(bucket.value, 0), after.lost.get(bucket.value, 0)
        if was or would:
            rows.append((words(BUCKETS[Bucket(bucket)].name), was, would))
    rows.append((_("合计（承诺）"), before.promised, after.promised))
    return [(name, hours(was), hours(would), _signed(would - was)) for name, was, would in rows]


def _signed(us: int) -> str:
    return NOTHING if not us else f"{'+' if us > 0 else '−'}{hours(abs(us))}"


@dataclass(frozen=True, slots=True)
class AreaLine:
    area: AreaResult
    share_before: str
    share_after: str
    won: str
    items_before: str
    items_after: str
    orders: str
    turned: int


def areas_of(result: Result) -> list[AreaLine]:
    """One line an area, most time won first."""
    ranked = sorted(result.areas, key=lambda one: (one.before.usable - one.after.usable, one.code))
    return [
        AreaLine(
            one, share_words(one.before), share_words(one.after), _signed(one.after.usable - one.before.usable),
            hours(one.items_before.usable), hours(one.items_after.usable),
            _both(str(one.orders.seen), str(one.orders.seen - one.orders.gone)),
            sum(change.turns for change in one.clauses),
        )
        for one in ranked
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClauseLine:
    """A clause that reads otherwise. `metric`: what its number is, "" when it is none of the platform's."""

    area: AreaResult
    change: ClauseChange
    metric: str
    before: str
    after: str
    number_before: str
    number_after: str
    asked: str
    sample: str


def clauses_of(result: Result, *, turned: bool | None = None) -> list[ClauseLine]:
    """Clauses that read otherwise: all, or those whose answer changes (`turned`), or only the number (False)."""
    rows = [(area, one) for area in result.areas for one in area.clauses if turned is None or one.turns is turned]
    return [_clause_line(area, one) for area, one in rows]


def _clause_line(area: AreaResult, one: ClauseChange) -> ClauseLine:
    was, would = (_number(value, one.unit) for value in (one.threshold_before, one.threshold_after))
    return ClauseLine(
        area, one, words(METRICS.get(one.clause, "")), _answer(one.before), _answer(one.after),
        _number(one.number_before, one.unit), _number(one.number_after, one.unit),
        _both(was, would), _both(str(one.sample_before), str(one.sample)),
    )  # fmt: skip


def _both(was: str, would: str) -> str:
    return was if was == would else f"{was} → {would}"


def _answer(code: str) -> str:
    return words(ANSWER_NAMES[Answer(code)]) if code else _("没有这一条")


def _number(value: float | None, unit: str) -> str:
    return NOTHING if value is None else time_words(value) if unit == "s" else words(show(value, unit))


def time_words(seconds: float) -> str:
    """A time in hours, minutes or seconds. Upwards: what is asked of times is "at most", and rounding keeps nothing."""
    if seconds >= 7200:
        return _("%(n)s 小时") % {"n": f"{ceil(seconds / 36) / 100:,.10g}"}
    if seconds >= 120:
        return _("%(n)s 分钟") % {"n": f"{ceil(seconds / 6) / 10:,.10g}"}
    return _("%(n)s 秒") % {"n": f"{ceil(seconds * 10) / 10:,.10g}"}


def caution_of(result: Result) -> str:
    """What has to be said of shares and means where orders are gone; "" where none is."""
    if not result.orders.gone:
        return ""
    return _("不会有的工单不再计入样本：按时的、修得快的也少了，比例可能变低，平均用时可能变长。")


def left_of(result: Result) -> list[tuple[str, list[str]]]:
    """(why, codes) of the clauses that the measures leave as they were."""
    return [(words(why), result.left[reason]) for reason, why in WHY_LEFT.items() if result.left.get(reason)]
