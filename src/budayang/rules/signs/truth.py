"""Whether what a plate says is still true: what was printed against what would be printed now."""

from __future__ import annotations

from dataclasses import dataclass

from budayang.rules.signs.plates import PlateData

TITLE, CODE, NOTE, PICTURE = "标题", "二维码", "小字", "图"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a plate says and that is otherwise. `said` or `true` is "" where there was, or is, nothing."""

    label: str
    said: str
    true: str


def differences(said: PlateData, true: PlateData) -> list[Difference]:
    """What the plate says wrongly, in the order of the plate; what it lacks stands at the end. Texts of languages are
    told by their language. Of a code or a picture only that it is another one: nobody can read the two.
    """
    found = [
        Difference(label, before, now)
        for label, before, now in ((TITLE, said.title, true.title), (NOTE, said.note, true.note))
        if before != now
    ]
    before_rows, now_rows = dict(said.rows), dict(true.rows)
    labels = [*before_rows, *(label for label in now_rows if label not in before_rows)]
    for label in labels:
        before, now = before_rows.get(label, ""), now_rows.get(label, "")
        if before != now:
            found.append(Difference(label, before, now))
    before_texts = {line.language.value: line.text for line in said.texts}
    now_texts = {line.language.value: line.text for line in true.texts}
    for language in [*before_texts, *(one for one in now_texts if one not in before_texts)]:
        if before_texts.get(language) != now_texts.get(language):
            found.append(Difference(language, before_texts.get(language, ""), now_texts.get(language, "")))
    if said.qr != true.qr:
        found.append(Difference(CODE, said.qr, true.qr))
    if said.picture != true.picture:
        found.append(Difference(PICTURE, "", ""))
    if not found and list(said.rows) != list(true.rows):
        found.append(Difference(TITLE, "、".join(before_rows), "、".join(now_rows)))
    return found
