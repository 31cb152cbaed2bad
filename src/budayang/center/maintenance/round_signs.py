"""Signs in rounds: a pattern of a check list becomes one question for each sign on the area's plan of that moment, and
what people answered becomes the rates of chapter 6 (在位、完好、文字正确).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from budayang.center.maintenance.models import CheckListEdition, Round, RoundAnswer, RoundPlan
from budayang.center.platform.queries import parameter
from budayang.center.signage.sign_queries import SignHere, signs_of
from budayang.rules.round_lists import About, Question, read_question
from budayang.rules.rounds import NOT_HERE, Rhythm
from budayang.rules.signs.audits import SignSeen, pick

HALF_YEAR = timedelta(days=183)
SIGN = "sign"
"""Key of the sign's id beside a question in `Round.signs`."""
ALL_OF_THEM = (Rhythm.MONTHLY, Rhythm.HALF_YEARLY, Rhythm.YEARLY)


def sign_questions(plan: RoundPlan, edition: CheckListEdition, now: datetime) -> list[dict[str, object]]:
    """The questions about signs of a round that is opened now, as JSON. A rare round looks at every sign; a frequent
    one at few (`sign_round_most`), those first that nobody has looked at for longest.
    """
    patterns = [one for one in map(read_question, edition.questions) if one.about is About.SIGN]
    if not patterns:
        return []
    signs = {one.id: one for one in signs_of(plan.area_id)}
    chosen = list(signs)
    if plan.rhythm not in ALL_OF_THEM:
        most = int(parameter("sign_round_most", plan.area.place.path, now))
        chosen = pick(chosen, _last_seen(plan.area_id, now), most)
    return [_question(pattern, signs[one]) for one in chosen for pattern in patterns]


def _question(pattern: Question, sign: SignHere) -> dict[str, object]:
    text = f"{sign.name}（{sign.where}）：{pattern.text}" if sign.where else f"{sign.name}：{pattern.text}"
    # A drawing's ids are any text; a question's code is not, and names the same sign in every round.
    code = f"{pattern.code[:20]}_{hashlib.sha256(sign.id.encode()).hexdigest()[:16]}"
    made = replace(pattern, code=code, text=text[:120], about=About.AREA)
    return {**made.plain(), SIGN: sign.id}


def _last_seen(area_id: int, now: datetime) -> dict[str, datetime]:
    """Of the last half year; what was seen before that is as good as never seen."""
    found: dict[str, datetime] = {}
    for one in answers_about_signs([area_id], now - HALF_YEAR, now):
        found[one.sign] = max(one.at, found.get(one.sign, one.at))
    return found


def answers_about_signs(area_ids: Collection[int], start: datetime, end: datetime) -> list[SignSeen]:
    """What rounds of these areas said of signs in [start, end), oldest first; what does not apply is left out."""
    rounds = Round.objects.filter(area_id__in=area_ids).exclude(signs=[])
    rows = RoundAnswer.objects.filter(round__in=rounds, state="current").exclude(value=NOT_HERE)
    rows = rows.filter(answered_at__gte=start, answered_at__lt=end)
    found: list[SignSeen] = []
    signs: dict[int, dict[str, str]] = {}
    for row in rows.select_related("round").order_by("answered_at", "pk"):
        if row.round_id not in signs:
            signs[row.round_id] = {str(one["code"]): str(one[SIGN]) for one in row.round.signs}
        sign = signs[row.round_id].get(row.question)
        if sign is not None:
            found.append(SignSeen(row.round.area_id, sign, row.value, row.answered_at, row.pk))
    return found
