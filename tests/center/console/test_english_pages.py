"""Every page of the standard and of evaluation in English: no Chinese is left but what stands in somebody's data."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from importlib.resources import files
from io import StringIO
from urllib.parse import urljoin, urlsplit

import pytest
from django.apps import apps
from django.core.cache import cache
from django.urls import Resolver404, resolve
from django.utils import timezone
from tests.center.console.the_desk import Desk
from tests.center.evaluation.the_visit import adopt, planned
from tests.center.evaluation.the_visit import sheet as visit_sheet
from tests.center.standard.the_project import CODE, begin, consult, day, furnish, own_edition, step
from tests.test_translations import CHINESE, QUOTED, SWITCH

from budayang.center.evaluation import supervision_actions
from budayang.center.evaluation.supervision_actions import Given
from budayang.center.standard import opinion_actions, project_actions, training_actions, writing_actions
from budayang.center.standard.opinion_actions import Said
from budayang.rules.standard.opinions import NEEDED, OPTIONAL

PREFIXES = ("budayang.center.console.", "budayang.center.public.")
SUBJECTS = (
    "standard", "opinions", "improvements", "evaluation", "monthly", "supervision", "surveys", "complaints", "rating",
    "scorecards", "placement", "trial",
)  # fmt: skip
"""Beginnings of the names of the modules whose pages are read."""
AT = f"/console/standard-projects/{CODE}/"
BEGIN = (
    AT, f"{AT}opinions/consultation/", f"{AT}opinions/review/", f"{AT}text/", f"{AT}wording/", f"/opinions/{CODE}/",
    "/opinions/",
    "/console/standard-projects/", "/console/standard-text/", "/console/clause-evidence/", "/console/conformity/",
    "/console/editions/", "/console/spread/", "/console/questions/", "/console/standard-test/", "/console/adoptions/",
    "/console/ratings/", "/console/complaints/", "/console/improvements/", "/console/supervision/",
    "/console/monthly-reports/", "/console/scorecards/", "/console/surveys/", "/console/placement/", "/console/trials/",
)  # fmt: skip
OURS = frozenset({"参照版", "参照"})
"""Words that the product says in the reader's language, though some row of data is just this word."""
LINK = re.compile(r'(?:href|hx-get)="([^"#]+)')


@pytest.fixture
def filled(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Something of everything: two projects, opinions, kept documents, events, a question, a visit with findings."""
    cache.clear()
    hall, now = desk.hall, timezone.now()
    zhu = hall.actor("zhu")
    project = furnish(hall, begin(hall, now), now)
    found = consult(hall, project, now)
    project = found.project
    one, two, three = (
        opinion_actions.take_opinion(found, Said(f"意见内容{n}", clause, unit="某局"), client=f"c{n}", now=now)
        for n, clause in enumerate(("4.9", "", "5.1"))
    )
    opinion_actions.decide(zhu, one, "partly", "只改一半。", now, major=True)
    opinion_actions.set_aside(zhu, two, "重复", now)
    assert three.state == "open"
    opinion_actions.add_opinion(zhu, project, "review", Said("专家意见", "4.10"), now)
    project_actions.set_milestone(zhu, project, "review", day(now) - timedelta(days=1), now)
    writing_actions.ask(zhu, "note", "docx", edition=project.edition, project=project, now=now)
    other = step(hall, begin(hall, now, text=own_edition(now), code="other"), "plan", now)
    other = step(hall, step(hall, other, "consult", now), "redraft", now)
    training_actions.plan_event(
        zhu, edition=project.edition, place=hall.city, kind="training", subject="夜间值守培训",
        planned_on=day(now) - timedelta(days=1), areas=[hall.area.place], now=now,
    )  # fmt: skip
    training_actions.write_question(
        zhu,
        project.edition,
        clause_code="JB-09",
        text="断电多久发现？",
        choices=["一个小时", "五分钟"],
        right=1,
        now=now,
    )
    adopt(hall, now, day(now))
    row, _token = planned(zhu, hall, now, day(now))
    faults = {"visit_tidy": Given("no", "地上有水"), "own1": Given("厕所没有灯")}
    supervision_actions.save_sheet(row, visit_sheet(row, **faults), "总的不错", now)
    supervision_actions.hand_in(row, now)
    planned(zhu, hall, now, day(now))
    return desk


def every_text(value: object) -> Iterator[str]:
    """The texts of a value, also of what a JSON field holds."""
    if isinstance(value, dict):
        for one in value.values():
            yield from every_text(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from every_text(one)
    elif isinstance(value, str) and CHINESE.search(value):
        yield value


def data() -> set[str]:
    """What stands in a row of somebody's, or in the files that ship as data, and is never translated."""
    found: set[str] = set()
    for model in apps.get_models():
        if model.__module__.startswith("budayang."):
            for row in model._default_manager.values():
                found |= set(every_text(row))
    for name in ("requirements.csv", "clause_texts.csv"):
        for cells in csv.reader(StringIO((files("budayang.data") / name).read_text(encoding="utf-8"))):
            found |= set(every_text(cells))
    return found


def masks() -> list[str]:
    """What is no leak, longest first: data, and Chinese that a person has to type as it is."""
    found = {re.sub(r"\s+", " ", one).strip() for one in data()}
    return sorted(found | SWITCH | QUOTED | {*NEEDED, *OPTIONAL}, key=len, reverse=True)


def left(page: str, known: list[str]) -> list[str]:
    """Chinese that is nobody's data: in what is read, and in what is read aloud or stands in a field."""
    page = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    aloud = re.findall(r'(?:aria-label|placeholder|title|alt|value|content)="([^"]*)"', page)
    shown = re.sub(r"</?(?:mark|b|strong|em)\b[^>]*>", "", page)
    lines = unescape("\n".join([re.sub(r"<[^>]+>", "\n", shown), *aloud])).split("\n")
    lines = [re.sub(r"\s+", " ", one).strip() for one in lines if CHINESE.search(one)]
    text = "\n".join(one for one in lines if one not in known and not is_excerpt(one.strip(" …。，；"), known))
    for one in known:
        if one not in OURS:
            text = text.replace(one, "")
    return CHINESE.findall(re.sub("“[^”]{1,8}”", "", text))  # a sentence quotes a word of the text


def is_excerpt(line: str, known: list[str]) -> bool:
    """Whether a line is a part of a data text: a choice is cut off, the wording check quotes some words."""
    part = re.sub(r"^[A-Z]*[0-9.-]* ", "", line)
    return len(part) >= 8 and any(part in one for one in known if len(one) > len(part))


def subject_of(address: str) -> str:
    """The module and name of a console page that is read here, "" for any other."""
    try:
        found = resolve(urlsplit(address).path)
    except Resolver404:
        return ""
    module = found.func.__module__
    inside = module.startswith(PREFIXES) and module.rpartition(".")[2].startswith(SUBJECTS)
    return f"{module}:{found.view_name}" if inside else ""


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "least"), [("zhu", 60), ("ning", 38)])
def test_pages_of_the_standard_and_of_evaluation_are_english(filled: Desk, name: str, least: int) -> None:
    client = filled.client(name)
    wanted, seen, leaks = deque(BEGIN), set[str](), dict[str, list[str]]()
    english = {"Accept-Language": "en"}
    known = masks()
    while wanted:
        address = wanted.popleft()
        subject = subject_of(address)
        if not subject or subject in seen or "export=" in address:
            continue
        answer = client.get(address, headers=english, follow=True)
        if answer.streaming:
            list(answer)  # a file: read to its end, which closes it
        if answer.status_code != 200 or not answer.get("Content-Type", "").startswith("text/html"):
            continue
        seen.add(subject)
        page = answer.content.decode()
        if found := left(page, known):
            leaks[f"{subject} {address}"] = found
        wanted.extend(urljoin(address, unescape(one)) for one in LINK.findall(page))
    assert leaks == {}
    assert len(seen) >= least, sorted(seen)
    names = {one.rpartition(":")[2] for one in seen}
    assert {"standard_opinion", "standard_opinions", "standard_project", "opinion", "supervision_visit"} <= names
