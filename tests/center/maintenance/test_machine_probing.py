"""Failed tries of a machine's own steps as incidents: what opens one, below what it hangs, and what closes it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.center.services.test_probes import GOOD, SECOND, obey, run
from tests.center.services.the_department import Department, declare
from tests.center.services_cast import city, jia, judged, new_terminal, open_departments, set_state, yi

from budayang.center.maintenance import judging as areas_judging
from budayang.center.maintenance import machine_probing
from budayang.center.maintenance.explaining import explain
from budayang.center.maintenance.models import Incident, WorkOrder
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Transition
from budayang.center.services import judging, probe_actions, probe_running
from budayang.center.services.models import Offering, Probe, ProbeStanding
from budayang.center.terminals.models import StatusInterval, Terminal

__all__ = ["city", "jia", "judged", "new_terminal", "open_departments", "yi"]
pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
JAMMED = {"kind": "printer", "states": {"device": "online", "media": "jammed"}}
BAD_SELF_TEST = {"devices": {**GOOD["devices"], "printer": JAMMED}}


class Story:
    """One terminal, tried again and again; the news reach the maintenance room after each try."""

    def __init__(self, terminal: Terminal, now: datetime) -> None:
        self.terminal, self.now = terminal, now
        self.department = Department()
        self.answers: Any = GOOD
        self.obeys = True
        self._heard = 0

    def try_once(self) -> Probe:
        self.now += timedelta(minutes=5)
        Terminal.objects.filter(pk=self.terminal.pk).update(last_seen_at=self.now)
        probe = probe_actions.ask_probe(SYSTEM, "ZZ001", terminal_code=self.terminal.code, now=self.now)
        self.now = run(self.now, self.department, 1)
        probe.refresh_from_db()
        if probe.state == "running" and self.obeys:
            obey(self.terminal, self.now, result=self.answers)
        elif probe.state == "running":
            self.now += timedelta(seconds=80)
        self.now = run(self.now, self.department, 3)
        self.hear()
        probe.refresh_from_db()
        return probe

    def hear(self) -> None:
        """News of the tries and of incidents, in order, until there is none left."""
        for _round in range(5):
            news = list(Transition.objects.filter(pk__gt=self._heard).order_by("pk"))
            if not news:
                return
            self._heard = news[-1].pk
            wanted = (*machine_probing.TRIES, *machine_probing.OTHERS)
            machine_probing.hear([one for one in news if one.kind in wanted], self.now)

    def judge(self) -> None:
        areas_judging.judge_area(self.terminal.area_id, self.now)
        self.hear()

    @property
    def incident(self) -> Incident | None:
        return Incident.objects.filter(kind=machine_probing.KIND).order_by("-pk").first()


@pytest.fixture
def story(judged: datetime, jia: Terminal) -> Story:
    declare(judged)
    return Story(jia, judged)


# What is wrong → (the step that fails, is there an incident of the try, the kind that it hangs below, its bucket).
TABLE: dict[str, tuple[str, bool, str, str]] = {
    "it does not obey": ("obeys", True, "", "undetermined"),
    "a jam that only the self-test finds": ("devices", True, "", "device"),
    "a jam that the printer tells": ("devices", True, "paper_jam", "device"),
    "a screen that is dead, and it does not obey": ("obeys", True, "page_dead", "undetermined"),
    "a jam, and it does not obey": ("obeys", True, "", "undetermined"),
    "a device that the item needs is gone": ("devices", True, "", "device"),
    "it is silent": ("alive", False, "", ""),
    "it is suspended": ("alive", False, "", ""),
    "a planned stop": ("rule", False, "", ""),
    "it has no catalogue yet": ("rule", False, "", ""),
    "the department refuses": ("department", False, "", ""),
    "nothing": ("", False, "", ""),
}


def break_it(story: Story, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    jia, before = story.terminal, story.now - timedelta(minutes=30)
    if "jam" in what and "only" not in what:
        set_state(jia, "printer", "media", "jammed", before)
    if "screen" in what:
        set_state(jia, "terminal", "application", "pageDead", before)
    if "jam" in what and "obey" not in what:
        story.answers = BAD_SELF_TEST
    if "obey" in what:
        story.obeys = False
    if what == "it is silent":
        Terminal.objects.filter(pk=jia.pk).update(silent_since=story.now)
    elif what == "it is suspended":
        Terminal.objects.filter(pk=jia.pk).update(state="suspended")
    elif "gone" in what:
        story.answers = {"devices": {"idReader": GOOD["devices"]["idReader"]}}
    elif what == "a planned stop":
        stop = judging.StopWindow(story.now - SECOND, None, "检修")
        monkeypatch.setattr(judging, "site_stops", lambda area, at: [stop])
    elif what == "it has no catalogue yet":
        set_state(jia, "terminal", "catalogue", "waiting", before)
    elif what == "the department refuses":
        story.department.answer = {"outcome": "refused"}


def mend_it(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    story.obeys, story.answers, story.department.answer = True, GOOD, Department().answer
    Terminal.objects.filter(pk=story.terminal.pk).update(silent_since=None, state="active")
    for subject, prop in (("printer", "media"), ("terminal", "application"), ("terminal", "catalogue")):
        StatusInterval.objects.filter(subject=subject, property=prop, until__isnull=True).update(until=story.now)


@pytest.mark.parametrize("what", TABLE)
def test_the_table(story: Story, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    step, opens, below, bucket = TABLE[what]
    break_it(story, what, monkeypatch)
    story.judge()
    assert story.try_once().failed_step == step
    assert story.incident is None, "one bad moment is told to nobody"
    story.try_once()
    found = story.incident
    assert (found is not None) == opens
    if found is None:
        return
    assert (found.cause.kind if found.cause else "") == below
    assert (found.bucket, found.severity, found.terminal_id) == (bucket, "general", story.terminal.pk)
    assert WorkOrder.objects.filter(incident=found).exists() == (below == "")
    (line,) = explain(SYSTEM, found).lines
    assert line.source.startswith("ZZ001")
    story.try_once()
    assert Incident.objects.filter(kind=machine_probing.KIND).count() == 1, "each further failure is the same one"

    mend_it(story, monkeypatch)
    story.try_once()
    found.refresh_from_db()
    assert found.state == "closed"
    assert ProbeStanding.objects.get(terminal=story.terminal).failures == 0
    assert not WorkOrder.objects.filter(incident=found).exclude(state="repaired").exists(), "a person accepts it"


def test_it_closes_though_the_department_does_not_answer(story: Story) -> None:
    """Its own steps are good again: what the department does is another matter."""
    story.obeys = False
    story.try_once()
    story.try_once()
    story.obeys, story.department.answer = True, {"outcome": "refused"}
    assert story.try_once().failed_step == "department"
    assert story.incident is not None
    assert story.incident.state == "closed"


def test_a_fault_that_is_told_later_takes_it_below_itself_and_frees_it(story: Story) -> None:
    story.answers = BAD_SELF_TEST
    story.try_once()
    story.try_once()
    assert story.incident is not None
    assert story.incident.cause is None
    set_state(story.terminal, "printer", "media", "jammed", story.now - timedelta(minutes=2))
    story.judge()
    assert story.incident.cause is not None
    assert story.incident.cause.kind == "paper_jam"
    StatusInterval.objects.filter(subject="printer", property="media", until__isnull=True).update(until=story.now)
    story.now += timedelta(minutes=10)
    story.judge()
    assert Incident.objects.get(kind="paper_jam").state == "closed"
    assert (story.incident.state, story.incident.cause) == ("open", None), "the next try will tell"


def test_what_is_offered_there_no_more_is_nobodys_fault(story: Story) -> None:
    story.obeys = False
    story.try_once()
    story.try_once()
    Offering.objects.update(active=False)
    probe_running.plan_due(story.now + timedelta(hours=1))
    story.hear()
    assert story.incident is not None
    assert story.incident.state == "closed"
