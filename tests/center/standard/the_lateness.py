"""What comes late in a known quarter of areas: a round that nobody had heard of, an answer put right, a look at a sign,
a training and an acceptance that nobody had written down. Each changes the list of what happened, and is done.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime

from tests.center.standard import the_rounds as rounds
from tests.center.standard.the_registers import Taught
from tests.center.standard.the_rounds import Planned, Said, Walk, question
from tests.center.standard.the_thirty import Site, Thirty
from tests.center.standard.the_truth import BORN, HOUR, MINUTE, SECOND, ZONE, here


class Nobody(random.Random):
    """A lot by which nobody works on what is found."""

    def random(self) -> float:
        return 0.0


Late = tuple[str, str, Callable[[datetime], None]]


def late_things(lived: Thirty) -> list[Late]:
    """(what, area, how it happens); all of them are of October."""
    sites = list(lived.sites.values())
    return [_a_round(lived, sites), _put_right(lived, sites), _a_look(lived, sites), _a_training(lived, sites),
            _an_acceptance(lived, sites)]  # fmt: skip


def _walks(sites: list[Site], month: int) -> Iterator[tuple[Site, Planned, Walk]]:
    for site in sites:
        for plan in site.plans:
            for walk in plan.walks:
                if walk.opens.astimezone(ZONE).month == month == walk.closes.astimezone(ZONE).month:
                    yield site, plan, walk


def _every(site: Site) -> list[Said]:
    return [one for plan in site.plans for walk in plan.walks for one in walk.said]


def _comes(lived: Thirty, site: Site, plan: Planned, walk: Walk, said: Said, now: datetime) -> None:
    """An answer arrives: it is written down, and whatever it opens or ends is."""
    walk.said.append(said)
    rounds.heard(Nobody(), site.troubles, plan, walk, said, _every(site))
    lived.answers(lived.plans[site.code, plan.of.code], walk, said, now)


def _a_round(lived: Thirty, sites: list[Site]) -> Late:
    """A round that was missed had been walked in its time, on a phone without a network; something was wrong."""
    site, plan, walk = next(
        one
        for one in _walks(sites, 10)
        if one[2].fate == "missed" and not one[1].of.owner and "sign" not in one[1].of.code
    )

    def happens(now: datetime) -> None:
        walk.fate, at = "done", walk.opens + MINUTE
        for code in plan.of.questions:
            for stop in site.machines if question(code).of_machine else ("",):
                at, bad = at + SECOND, code == plan.of.questions[-1]
                value = question(code).value(bad=bad)
                _comes(lived, site, plan, walk, Said(stop, code, value, at, now, bad, by="lin"), now)
        walk.finished, walk.told = at + SECOND, now
        rounds.handed_over(site.troubles, plan, walk)
        lived.hands_over(lived.plans[site.code, plan.of.code], walk, now)

    return "a round", site.code, happens


def _put_right(lived: Thirty, sites: list[Site]) -> Late:
    """An answer was wrong: what it said to be bad is well."""
    site, plan, walk, wrong = next(
        (*one, said)
        for one in _walks(sites, 10)
        for said in one[2].said
        if one[2].told is not None and said.bad and not said.replaced and not said.code.startswith("sign ")
    )

    def happens(now: datetime) -> None:
        wrong.replaced = True
        value = question(wrong.code).value(bad=False)
        _comes(lived, site, plan, walk, Said(wrong.stop, wrong.code, value, now, now, False, by=wrong.by), now)

    return "an answer put right", site.code, happens


def _a_look(lived: Thirty, sites: list[Site]) -> Late:
    """A sign that was said to be well had been missing."""
    site, plan, walk, wrong = next(
        (*one, said)
        for one in _walks(sites, 10)
        for said in one[2].said
        if one[2].fate == "done" and said.code == "sign s-escape" and said.value == rounds.WELL and not said.replaced
    )

    def happens(now: datetime) -> None:
        wrong.replaced = True
        _comes(lived, site, plan, walk, Said("", wrong.code, "缺失", wrong.at + MINUTE, now, True, by=wrong.by), now)

    return "a look at a sign", site.code, happens


def _a_training(lived: Thirty, sites: list[Site]) -> Late:
    site = next(one for one in sites if one.books.drills)

    def happens(now: datetime) -> None:
        taught = Taught("fire", here(2026, 10, 15, 9), now)
        site.books.taught.append(taught)
        lived.books[site.code].teaches(taught, now)

    return "a training", site.code, happens


def _an_acceptance(lived: Thirty, sites: list[Site]) -> Late:
    site, nth, file = next(
        (site, nth, file)
        for site in sites
        for nth, file in enumerate(site.books.files)
        if file.accepted is None and file.at == BORN + HOUR
    )

    def happens(now: datetime) -> None:
        site.books.files[nth] = accepted = replace(file, accepted=date(2026, 10, 15), passed=True)
        lived.books[site.code].accepts(accepted, now)

    return "an acceptance", site.code, happens
