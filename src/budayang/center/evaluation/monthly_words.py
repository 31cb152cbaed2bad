"""How values of a monthly report read, on pages and on paper: shares with a point, what is not known as a dash."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from budayang.center.platform.wording import words
from budayang.rules.monthly import Change, Figure, Report, Value, changed_for_sure, month_of

NOT_KNOWN = "—"


def value_words(unit: str, value: Value) -> str:
    """A value as people read it; texts of the house are translated."""
    if value is None or value == "":
        return NOT_KNOWN
    if isinstance(value, str):
        return words(value)
    match unit:
        case "share":
            return f"{value * 100:.1f} %"
        case "hours" | "minutes" | "seconds":
            return f"{value:,.1f}"
        case "yuan":
            return f"{value:,.2f}"
        case _:
            return f"{value:,g}" if value < 1e6 else f"{value:,.0f}"


def interval_words(figure: Figure) -> str:
    """ "10.2 % – 14.8 %"; empty where there is none."""
    if figure.low is None or figure.high is None:
        return ""
    return f"{value_words(figure.unit, figure.low)} – {value_words(figure.unit, figure.high)}"


def sample_words(figure: Figure) -> str:
    """Of how many it is made."""
    return _("样本 %(n)s %(of)s") % {"n": f"{figure.sample:,}", "of": words(figure.of)}


def change_words(figure: Figure) -> str:
    """Against the month before: by how much, how sure the difference is, and whether it is more than chance."""
    if figure.before is None:
        return _("上月没有可以比的数。")
    told = {"before": value_words(figure.unit, figure.before), "n": f"{figure.before_sample:,}", "of": words(figure.of)}
    if figure.value is None:
        return _("上月 %(before)s（样本 %(n)s %(of)s）。") % told
    sign = "+" if figure.value >= figure.before else "−"
    gap = abs(figure.value - figure.before)
    if figure.unit != "share":
        told["change"] = f"{sign}{value_words(figure.unit, gap)}"
        return _("上月 %(before)s，本月 %(change)s。") % told
    told["change"] = f"{sign}{gap * 100:.1f}"
    if (sure := changed_for_sure(figure)) is None:
        return _("上月 %(before)s，本月 %(change)s 个百分点。") % told
    told |= {"low": _signed(figure.change_low), "high": _signed(figure.change_high)}
    told["verdict"] = _("超出偶然波动") if sure else _("在偶然波动以内")
    told["sure"] = _("95 %% 区间 %(low)s 至 %(high)s，%(verdict)s") % told
    return _("上月 %(before)s（样本 %(n)s %(of)s），本月 %(change)s 个百分点（%(sure)s）。") % told


def _signed(value: float | None) -> str:
    return "" if value is None else f"{'+' if value >= 0 else '−'}{abs(value) * 100:.1f}"


def month_words(report: Report) -> str:
    """2026年10月."""
    first = month_of(report.month)
    return _("%(year)d年%(month)d月") % {"year": first.year, "month": first.month}


def title_words(report: Report) -> str:
    return _("%(place)s %(month)s自助服务月报") % {"place": report.place_name, "month": month_words(report)}


def made_words(report: Report, zone: str) -> str:
    """The moment of the facts, on the clock of the place."""
    at = datetime.fromisoformat(report.made_at).astimezone(ZoneInfo(zone))
    return _("按 %(at)s 的记录计算") % {"at": f"{at:%Y-%m-%d %H:%M}"}


def change_line(change: Change) -> str:
    """发布后有更正：各事项的办件 社保查询 办件 12 → 13."""
    where = " ".join(part for part in (words(change.title), words(change.row), words(change.column)) if part)
    told = {
        "where": where,
        "before": value_words(change.unit, change.before),
        "after": value_words(change.unit, change.after),
    }
    return _("%(where)s：%(before)s → %(after)s") % told
