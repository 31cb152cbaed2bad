"""Where else: read once for all terminals, the same answer for each as if it were asked alone."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.test.utils import CaptureQueriesContext

from budayang.center.services import publishing, queries
from budayang.center.services.alternatives import Alternatives
from budayang.center.terminals.models import Terminal


def test_one_read_answers_for_every_terminal(judged: datetime, jia: Terminal, yi: Terminal) -> None:
    near = Alternatives.load(judged)
    with CaptureQueriesContext(connection) as asked:
        for here in (jia, yi):
            found = near.of(["ZZ001", "ZZ031"], here)
            assert here.code not in {one.terminal for places in found.values() for one in places}
    # What a terminal row brings with it (its area) is all that may be read.
    assert len(asked) <= 2
    for here in (jia, yi):
        assert near.of(["ZZ001"], here)["ZZ001"] == queries.alternatives("ZZ001", here.pk, judged)


def test_a_turn_of_publishing_says_the_same_as_one_terminal_alone(judged: datetime, jia: Terminal) -> None:
    alone = publishing.availability_of(jia.pk, judged)
    assert publishing.availability_of(jia.pk, judged, Alternatives.load(judged)) == alone
    assert alone["alternatives"]["ZZ001"][0]["terminal"] == "YJHL-01"
