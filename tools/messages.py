"""Collects the texts that people see and keeps the catalogues: `tools/messages.py` writes, `--check` only compares.

Chinese in the code is the source. Each room has `locale/<language>/LC_MESSAGES/<domain>.po` and the `.mo` made from it;
English is filled by hand, Mongolian is left empty for people who can write it. See docs/develop/translations.md.
"""

from __future__ import annotations

import ast
import dataclasses
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polib
from django.utils.translation.template import templatize
from jinja2 import Environment

from budayang.rules import causes, evaluation, orders, phrases, services, standard, terminals
from budayang.rules.standard import answers

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "budayang"
CHINESE = re.compile("[\u4e00-\u9fff]")
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
_STRING = r"(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
# templatize leaves a page as calls between rows of X: these are the calls
_CALL = re.compile(rf"\b(_|n?p?gettext)\(\s*u?({_STRING})(?:\s*,\s*u?({_STRING}))?(?:\s*,\s*u?({_STRING}))?", re.DOTALL)

LANGUAGES = {
    "en": "nplurals=2; plural=(n != 1);",
    "mn": "nplurals=2; plural=(n != 1);",
}
NOT_TRANSLATED = (
    "尚未翻译 untranslated. Mongolian is written and approved by people, never guessed: every msgstr is empty."
)


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """A text as it stands in the code. `plural` and `context` are empty where there is none."""

    text: str
    plural: str = ""
    context: str = ""


Found = dict[Message, None]


def _call(name: str, strings: list[str]) -> Message | None:
    if not strings:
        return None
    if "p" in name.removesuffix("_lazy").removesuffix("_noop").replace("gettext", ""):
        return Message(strings[1], context=strings[0]) if len(strings) > 1 else None
    if name.startswith("n"):
        return Message(strings[0], strings[1]) if len(strings) > 1 else None
    return Message(strings[0])


def in_python(source: str) -> Iterator[Message]:
    """Constant texts in calls of gettext and its kin."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
            if name in CALLS:
                for given in _constants(node.args):
                    found = _call(name, given)
                    if found:
                        yield found


def _constants(arguments: list[ast.expr]) -> Iterator[list[str]]:
    """The constant texts of a call; `_("a" if x else "b")` is two calls."""
    if arguments and isinstance(arguments[0], ast.IfExp):
        yield from _constants([arguments[0].body])
        yield from _constants([arguments[0].orelse])
        return
    if arguments and isinstance(arguments[0], ast.Constant):
        yield [one.value for one in arguments if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def in_page(source: str) -> Iterator[Message]:
    """Texts of a Django template."""
    for name, *strings in _CALL.findall(templatize(source)):
        found = _call(name, [ast.literal_eval(one) for one in strings if one])
        if found:
            yield found


def in_screen(source: str) -> Iterator[Message]:
    """Texts of a jinja2 template."""
    environment: Any = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for _line, name, given in environment.extract_translations(source):
        strings = [given] if isinstance(given, str) else [one for one in given if isinstance(one, str)]
        found = _call(name, strings)
        if found:
            yield found


def in_table(value: object) -> Iterator[Message]:
    """Chinese texts of a table of the rules: the program asks for them by variable."""
    if isinstance(value, str):
        if CHINESE.search(value):
            yield Message(value)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from in_table(one)
    elif isinstance(value, Iterable):
        for one in value:
            yield from in_table(one)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from in_table(getattr(value, field.name))


def in_body(path: Path, *names: str) -> Iterator[Message]:
    """Chinese constants of a file that are no documentation and no part of a composed text: in the assignments,
    functions or classes of these names, without names in the whole file.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [node for node in tree.body if not names or _name(node) in names]
    missing = set(names) - {_name(node) for node in found}
    if missing:
        raise SystemExit(f"{path.name} has no {', '.join(sorted(missing))}: mend TABLES in tools/messages.py")
    for top in found:
        skipped = {
            id(part)
            for node in ast.walk(top)
            for part in _silent(node)
        }  # fmt: skip
        for node in ast.walk(top):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
                yield from in_table(node.value)


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    return getattr(node, "name", "")


def _silent(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.JoinedStr):
        return list(node.values)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return [node.value]
    return []


Source = Callable[[], Iterator[Message]]


def _tables(*tables: object) -> Source:
    return partial(in_table, tables)


def _body(path: str, *names: str) -> Source:
    return partial(in_body, SOURCE / path, *names)


VERDICTS = (
    _tables(services.TRUTH_NAMES, services.NEED_NAMES),
    lambda: (Message(one.msgid) for one in phrases.PHRASES),
    _body(
        "rules/services.py", "_TERMINAL_BLOCKS", "_stop_blocks", "_device_blocks", "judge_item", "_judge_unconfirmed"
    ),
)
RATING = (_tables(evaluation.LEVELS, evaluation.REASONS), _body("rules/evaluation.py", "rating_problem"))


@dataclass(frozen=True, slots=True)
class Room:
    """A folder with its own catalogue. `reads` is the folder that is read when it is another; `tables` are those whose
    words its pages translate when they show them.
    """

    folder: str
    domain: str = "django"
    reads: str = ""
    tables: tuple[Source, ...] = ()

    def catalogue(self, language: str) -> Path:
        """Path of the .po file."""
        return SOURCE / self.folder / "locale" / language / "LC_MESSAGES" / f"{self.domain}.po"

    def messages(self) -> list[Message]:
        """Everything that people can see of this room, each once, sorted by file and place."""
        found: Found = {}
        for path in self._paths():
            source = path.read_text(encoding="utf-8")
            if path.suffix == ".py":
                found |= dict.fromkeys(in_python(source))
            elif self.domain == "django":
                found |= dict.fromkeys(in_page(source))
            else:
                found |= dict.fromkeys(in_screen(source))
        for table in self.tables:
            found |= dict.fromkeys(table())
        return [one for one in found if one.text]

    def _paths(self) -> list[Path]:
        found = (SOURCE / (self.reads or self.folder)).rglob("*")
        return sorted(one for one in found if one.suffix in {".py", ".html", ".txt"} and "migrations" not in one.parts)


ROOMS: tuple[Room, ...] = (
    Room(
        "center/platform",
        tables=(
            *VERDICTS,
            *RATING,
            _tables(terminals.KINDS, terminals.LEVEL_NAMES),
            _body("rules/terminals.py", "roll_up"),
            _tables(causes.BUCKETS, causes.SEVERITY_NAMES, causes.CAUSES),
            _tables(orders.STATE_NAMES, orders.EVENT_NAMES, orders.PAUSE_REASONS),
            _tables(answers.ANSWER_NAMES, standard.CLAUSE_CHECKS),
        ),
    ),
    Room("center/areas"),
    Room("center/terminals"),
    Room("center/services", tables=(_body("center/services/judging.py", "SITE_CLOSED"),)),
    Room("center/maintenance", tables=(_body("center/maintenance/queries.py", "CLOCK_NAMES", "AFFECTS"),)),
    Room("center/evaluation"),
    Room("center/standard"),
    Room("center/config"),
    Room(
        "center/console",
        tables=(
            _body("center/console/device_pages.py", "LINK_WORDS"),
            _body("center/console/maintenance.py", "OWN_EVENTS", "ANSWERS", "PROOFS"),
            _body("center/console/services.py", "CONNECTOR_STATES"),
            _body("center/console/standard.py", "GRADES"),
        ),
    ),
    Room("center/public", tables=(_body("center/public/open_data.py", "FIELDS"),)),
    Room(
        "terminal/screens",
        "screens",
        reads="terminal",
        tables=(
            *VERDICTS,
            *RATING,
            _tables(terminals.PRINTER, terminals.ID_READER),
            _body("terminal/catalogue.py", "LIFE_EVENTS", "NETWORK_DOWN", "_fee"),
            _body("terminal/views.py", "WEEKDAYS", "TROUBLE_WORDS", "PHASE_WORDS", "BLOCKED_WORDS"),
            _body("terminal/views.py", "clock_words", "printing"),
            _body("terminal/screens/words.py", "_TRUTHS", "SUBMIT_STEPS", "_TROUBLES", "_PRINT_TITLES", "_OUTCOMES"),
            _body("terminal/devices/idreader/words.py", "WORDS"),
            _body("terminal/devices/idreader/card.py", "RESIDENT", "KINDS"),
            _body("terminal/journey.py", "Person"),
            _body("forms/validation.py", "id_number_problem", "_messages", "_missing", "_FORMAT_MESSAGES", "_wrong"),
            # what the center writes for the screen
            _body("center/services/publishing.py", "consent"),
            _body("center/services/case_actions.py", "_message_of"),
            _body("center/services/cases_app.py", "_refusal"),
            _body("center/services/states.py", "CASE_WORDS"),
            _body("center/services/judging.py", "SITE_CLOSED"),
        ),
    ),
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
