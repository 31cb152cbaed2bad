"""Collects the texts that people see and keeps the catalogues.

Chinese in the code is the source. Each room (message_rooms.py) has `locale/<language>/LC_MESSAGES/<domain>.po` and the
`.mo` made from it; English is filled by hand, Mongolian is left empty for people who can write it. See
docs/develop/translations.md.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import polib

sys.path.insert(0, str(Path(__file__).parent))
from message_rooms import ROOMS, Room

LANGUAGES = {
    "en": "nplurals=2; plural=(n != 1);",
    "mn": "nplurals=2; plural=(n != 1);",
}
NOT_TRANSLATED = (
    "尚未翻译 untranslated. Mongolian is written and approved by people, never guessed: every msgstr is empty."
)


def empty(language: str) -> polib.POFile:
    """A new catalogue with its header."""
    made = polib.POFile(wrapwidth=110, check_for_duplicates=True)
    made.metadata = {
        "Project-Id-Version": "budayang",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": LANGUAGES[language],
    }
    if language == "mn":
        made.header = NOT_TRANSLATED
    return made


def read(path: Path) -> dict[tuple[str, str], polib.POEntry]:
    """What is translated already, by text and context."""
    if not path.exists():
        return {}
    return {(one.msgid, one.msgctxt or ""): one for one in polib.pofile(str(path)) if not one.obsolete}


def merged(room: Room, language: str, elsewhere: Mapping[tuple[str, str], polib.POEntry]) -> polib.POFile:
    """The room's catalogue as it should be: what the code says, with what is translated here or in another room."""
    known = read(room.catalogue(language))
    made = empty(language)
    for one in room.messages():
        key = (one.text, one.context)
        old = known.get(key) or elsewhere.get(key)
        entry = polib.POEntry(msgid=one.text, msgctxt=one.context or None)
        if one.plural:
            entry.msgid_plural = one.plural
            entry.msgstr_plural = old.msgstr_plural if old and old.msgstr_plural else {0: "", 1: ""}
        elif old:
            entry.msgstr = old.msgstr
        if re.search(r"%\(\w+\)[sdfr.\d]", one.text):
            entry.flags.append("python-format")
        made.append(entry)
    return made


def all_merged() -> Iterator[tuple[Room, str, polib.POFile]]:
    """Every catalogue as it should be."""
    for language in LANGUAGES:
        elsewhere: dict[tuple[str, str], polib.POEntry] = {}
        for room in ROOMS:
            elsewhere |= {key: one for key, one in read(room.catalogue(language)).items() if one.translated()}
        for room in ROOMS:
            if room.messages():
                yield room, language, merged(room, language, elsewhere)


def write() -> None:
    """Write every .po and the .mo made from it, and say what has no English yet."""
    for room, language, made in all_merged():
        path = room.catalogue(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        made.save(str(path), newline="\n")
        made.save_as_mofile(str(path.with_suffix(".mo")))
        print(f"{room.folder} {language}: {len(made.translated_entries())} of {len(made)}")


if __name__ == "__main__":
    write()
    missing = [
        f"{r.folder}: {e.msgid}" for r, lang, made in all_merged() if lang == "en" for e in made.untranslated_entries()
    ]
    print("\n".join(missing))
    sys.exit(1 if missing else 0)
