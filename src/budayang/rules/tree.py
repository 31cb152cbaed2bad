"""What hangs below what, among the causes that stand in one area at one moment.

The tree itself is ``parents`` of rules/maintenance: site > power > network > terminal > peripheral. Here are the two
additions that need more than a place in it: an inferred fault of an area explains only those that are silent, and an
unstable component stands for the single faults of the same component.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from budayang.rules.causes import IncidentKind, NodeLevel, Source
from budayang.rules.maintenance import Node, parents

Key = tuple[str, str]
_DEPTH = list(NodeLevel)
_EXPLAINING = frozenset({Source.STATE, Source.LINK, Source.INFERENCE})


@dataclass(frozen=True, slots=True)
class Standing:
    """A cause that stands. ``key``: subject and kind; ``terminal`` empty: it belongs to the area."""

    key: Key
    kind: IncidentKind
    terminal: str
    component: str
    since: datetime

    @property
    def node(self) -> Node:
        match self.kind.level:
            case NodeLevel.PERIPHERAL if self.terminal:
                return Node(self.kind.level, "here", self.terminal, self.component)
            case NodeLevel.PERIPHERAL:
                return Node(NodeLevel.NETWORK, "here")  # an unstable part of the area
            case NodeLevel.TERMINAL:
                return Node(self.kind.level, "here", self.terminal)
            case _:
                return Node(self.kind.level, "here")

    @property
    def explains(self) -> bool:
        """What takes nothing from people yet (power by battery, paper low) explains no other fault."""
        return bool(self.kind.affects) and self.kind.source in _EXPLAINING

    @property
    def inferred(self) -> bool:
        return self.kind.source is Source.INFERENCE and self.kind.at_area


def find_cause(standing: Iterable[Standing], silent: Collection[str]) -> dict[Key, Key | None]:
    """For each cause the one that it is a symptom of: the highest above it, None for a cause of its own.

    Args:
        standing: everything that is open in one area.
        silent: terminals (as in ``Standing.terminal``) that say nothing now.
    """
    everything = sorted(standing, key=lambda one: (one.since, one.key))
    down: dict[Node, list[Standing]] = {}
    for one in everything:
        if one.explains:
            down.setdefault(one.node, []).append(one)
    unstable = {one.key[0]: one for one in everything if one.kind.code == "unstable"}
    return {one.key: _cause(one, down, unstable, silent) for one in everything}


def _cause(
    one: Standing, down: dict[Node, list[Standing]], unstable: dict[str, Standing], silent: Collection[str]
) -> Key | None:
    for node in parents(one.node):
        for above in down.get(node, ()):
            if above.key != one.key and (not above.inferred or _reaches(one, silent)):
                return _top(above, unstable)
    if not one.terminal:
        return _below_inferred(one, down)
    return _top(one, unstable) if one.kind.code != "unstable" and one.key[0] in unstable else None


def _reaches(one: Standing, silent: Collection[str]) -> bool:
    """A fault of the area that was inferred from silences explains nothing of a terminal that is heard."""
    return one.terminal in silent if one.terminal else "terminal" in one.kind.affects


def _top(above: Standing, unstable: dict[str, Standing]) -> Key:
    """A terminal whose link is unstable stands for its silences, and so for what hangs below them."""
    return unstable[above.key[0]].key if above.key[0] in unstable else above.key


def _below_inferred(one: Standing, down: dict[Node, list[Standing]]) -> Key | None:
    """The battery that came first, the line that was poor before: signs of the same fault of the area."""
    if one.inferred or "terminal" in one.kind.affects:
        return None
    depth = _DEPTH.index(one.node.level)
    for node, causes in down.items():
        for above in causes:
            if above.inferred and _DEPTH.index(node.level) <= depth:
                return above.key
    return None
