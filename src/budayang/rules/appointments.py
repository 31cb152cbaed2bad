"""Times that a department lets people book (预约), in the words that people read: day, part of the day, hour.

No zone is guessed: whoever calls gives the moment in the area's zone. `lang` is "zh" or "en".
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

WEEKDAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")
PARTS = ((6, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))
"""(hour before which it is called so, word)."""
NEAR = {"zh": ("今天", "明天", "后天"), "en": ("Today", "Tomorrow", "")}


def part_of_day(hour: int) -> str:
    """凌晨, 上午, 中午, 下午 or 晚上."""
    return next(word for until, word in PARTS if hour < until)


def day_words(on: date, lang: str = "zh", *, year: bool = True) -> str:
    """2026年11月30日（星期一）; Monday, 30 November 2026."""
    if lang == "en":
        return f"{on:%A}, {on.day} {on:%B}{f' {on.year}' if year else ''}"
    return f"{f'{on.year}年' if year else ''}{on.month}月{on.day}日（{WEEKDAYS[on.weekday()]}）"


def near_words(on: date, today: date, lang: str = "zh") -> str:
    """How people call a near day: 今天, 明天, 后天; empty for others."""
    days = (on - today).days
    return NEAR["en" if lang == "en" else "zh"][days] if 0 <= days < 3 else ""


def hour_words(at: datetime, lang: str = "zh") -> str:
    """上午9:00; 9:00."""
    return f"{part_of_day(at.hour) if lang != 'en' else ''}{at.hour}:{at.minute:02d}"


def span_words(start: datetime, end: datetime | None, lang: str = "zh") -> str:
    """上午9:00至9:50; the part of the day is said again where it is another one, and the day where it is the next."""
    if end is None or end <= start:
        return hour_words(start, lang)
    to = "–" if lang == "en" else "至"
    if end.date() != start.date():
        return f"{hour_words(start, lang)}{to}{day_words(end.date(), lang, year=False)}{hour_words(end, lang)}"
    same = part_of_day(start.hour) == part_of_day((end - timedelta(minutes=1)).hour)
    return f"{hour_words(start, lang)}{to}{f'{end.hour}:{end.minute:02d}' if same else hour_words(end, lang)}"


def appointment_words(start: datetime, end: datetime | None, lang: str = "zh") -> str:
    """2026年11月30日（星期一）上午9:00至9:50; Monday, 30 November 2026, 9:00–9:50."""
    return f"{day_words(start.date(), lang)}{', ' if lang == 'en' else ''}{span_words(start, end, lang)}"
