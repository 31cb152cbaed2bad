"""What was told to the center of one machine, kept over a restart, so that a change is told once."""

from __future__ import annotations

from collections.abc import Iterable

from budayang.relay.sources.table import Said
from budayang.rules.terminals import state_hash
from budayang.uplink.outbox import EventOutbox
from budayang.wire.messages import State, StateValue


class Told:
    """The states of one machine as the center has them or will have them: `uplink.speaker.States`."""

    def __init__(self, outbox: EventOutbox) -> None:
        self._outbox = outbox
        self._states: dict[str, dict[str, list[str]]] = outbox.recall("states") or {}
        self._kinds: dict[str, str] = outbox.recall("kinds") or {}

    def take(self, said: Iterable[Said]) -> bool:
        """Write what changed, each change with its event in one transaction; whether anything did. What could not be
        written was not told: it is tried again with the next look.
        """
        changes = []
        states = {subject: dict(props) for subject, props in self._states.items()}
        kinds = dict(self._kinds)
        for one in said:
            told = states.setdefault(one.subject, {})
            if told.get(one.prop, [None])[0] == one.state:
                continue
            told[one.prop] = [one.state, one.raw]
            kinds[one.subject] = one.kind
            body = {"subject": one.subject, "kind": one.kind, "property": one.prop, "state": one.state}
            changes.append({**body, "raw": one.raw})
        if kinds != self._kinds:
            self._outbox.remember("kinds", kinds)
            self._kinds = kinds
        if changes:
            self._outbox.note_states(changes, states)
            self._states = states
        return bool(changes)

    def forget(self, subject: str) -> None:
        """A source is gone: the whole state, which the center then asks for, ends what it said."""
        if subject in self._states:
            left = {one: props for one, props in self._states.items() if one != subject}
            self._outbox.remember("states", left)
            self._states = left

    def subjects(self) -> frozenset[str]:
        return frozenset(self._states)

    def properties(self, subject: str) -> list[str]:
        return sorted(self._states.get(subject, {}))

    def hash(self) -> str:
        return state_hash(
            {subject: {p: pair[0] for p, pair in props.items()} for subject, props in self._states.items()}
        )

    def whole(self) -> State:
        return {
            subject: {prop: StateValue(s=pair[0], r=pair[1]) for prop, pair in props.items()}
            for subject, props in self._states.items()
        }

    def kinds(self) -> dict[str, str]:
        return {subject: kind for subject, kind in self._kinds.items() if subject in self._states}
