"""What the news of a terminal's properties says, whichever of its two kinds it is."""

from __future__ import annotations

from budayang.center.platform.models import Transition
from budayang.center.terminals.news import told_of


def test_a_change_is_one_property_and_a_first_report_many() -> None:
    changed = {"terminal": "T", "subject": "printer", "property": "media", "before": "ok", "state": "jammed"}
    assert told_of(Transition(kind="terminals.status", payload=changed)) == [changed]
    told = [{"subject": "ups", "property": "supply", "state": "powerIn"}, {"subject": "door", "property": "cabinet"}]
    assert told_of(Transition(kind="terminals.reported", payload={"terminal": "T", "told": told})) == told


def test_what_is_not_a_list_of_properties_says_nothing() -> None:
    for told in (None, "printer", [None, 3]):
        assert told_of(Transition(kind="terminals.reported", payload={"terminal": "T", "told": told})) == []
