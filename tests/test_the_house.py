"""The walls of the house: what the architecture says, checked."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import CASCADE, ForeignKey
from django.urls import URLPattern, URLResolver, get_resolver

from budayang.center.config.table import SETTINGS
from budayang.center.config.wiring import CONSUMERS, DUES
from budayang.center.platform.access import LIBRARY_ADDRESSES, allowed_of

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "budayang"
ROOMS = ("platform", "areas", "terminals", "services", "signage", "maintenance", "evaluation", "standard")


def tracked() -> list[Path]:
    """Files that git tracks; in an unpacked archive every file of the tree."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).exists()]


def sources() -> list[Path]:
    return [path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts]


def leaves(patterns: list[URLPattern | URLResolver] | None = None, prefix: str = "") -> list[tuple[str, URLPattern]]:
    found: list[tuple[str, URLPattern]] = []
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            found += leaves(entry.url_patterns, prefix + str(entry.pattern))
        else:
            found.append((prefix + str(entry.pattern), entry))
    return found


def test_every_address_says_who_may_call_it() -> None:
    unmarked = [
        address
        for address, pattern in leaves()
        if allowed_of(pattern.callback) is None and not (pattern.name or "").startswith(LIBRARY_ADDRESSES)
    ]
    assert not unmarked


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_source_file_is_short_and_documented(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) < 500, "split it by subject"
    if path.name != "__init__.py" or len(text) > 60:
        assert ast.get_docstring(ast.parse(text)), "say in one to three lines what this module is for"


def test_nothing_is_imported_inside_a_function() -> None:
    allowed = {"center/config/apps.py"}
    offenders = []
    for path in sources():
        name = str(path.relative_to(SOURCE))
        if name in allowed or name.startswith("terminal/devices/"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                offenders += [
                    f"{name}:{child.lineno}"
                    for child in ast.walk(node)
                    if isinstance(child, ast.Import | ast.ImportFrom)
                ]
    assert not offenders


def test_a_room_touches_another_rooms_models_nowhere() -> None:
    offenders = []
    for path in (SOURCE / "center").rglob("*.py"):
        if "migrations" in path.parts:
            continue
        own = path.relative_to(SOURCE / "center").parts[0]
        for match in re.finditer(r"from budayang\.center\.(\w+)\.models import", path.read_text()):
            # The ground floor's rows (Place, Staff, Organization, Transition) are the common vocabulary of all rooms.
            if match[1] not in {own, "platform"} and own in ROOMS:
                offenders.append(f"{path.relative_to(SOURCE)}: {match[0]}")
    assert not offenders


def test_foreign_keys_point_down_and_leave_no_door() -> None:
    order = {name: number for number, name in enumerate(ROOMS)}
    for model in apps.get_models():
        room = model._meta.app_label
        if room not in order:
            continue
        for field in model._meta.get_fields():
            if not isinstance(field, ForeignKey):
                continue
            other = field.related_model._meta.app_label
            if other == room:
                continue
            where = f"{model.__name__}.{field.name}"
            assert order[other] < order[room], f"{where} points upwards"
            assert field.remote_field.related_name == "+", f"{where} opens a door in the wall below"
            assert field.remote_field.on_delete is not CASCADE, f"{where} deletes across rooms"


@pytest.mark.django_db
def test_migrations_are_complete() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_lock_files_name_no_host() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert not re.search(r"https?://", (ROOT / name).read_text()), name


def test_no_tracked_file_holds_a_path_of_this_machine() -> None:
    secret_places = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|farm)/")
    hosts = re.compile(
        "|".join(["files\\.python" + "hosted", "pypi" + "\\.org", "registry\\.npm" + "js", "deb\\.debi" + "an\\.org"])
    )
    for path in tracked():
        if path.suffix in {".png", ".mo", ".js", ".woff2", ".pdf"} or not path.is_file():
            continue
        text = path.read_text(errors="replace")
        assert not secret_places.search(text), path
        assert not hosts.search(text), path


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "operate" / "settings.md").read_text()
    assert not [setting.variable for setting in SETTINGS if f"`{setting.variable}`" not in page]


def test_every_consumer_and_due_loop_is_documented() -> None:
    page = (ROOT / "docs" / "mechanisms" / "news.md").read_text()
    assert not [entry.name for entry in (*CONSUMERS, *DUES) if f"`{entry.name}`" not in page]


def test_every_room_has_a_page() -> None:
    rooms = [path.name for path in (SOURCE / "center").iterdir() if path.is_dir() and not path.name.startswith("_")]
    programs = [
        path.name for path in SOURCE.iterdir() if path.is_dir() and path.name not in {"center", "locale", "__pycache__"}
    ]
    pages = {path.stem for path in (ROOT / "docs" / "rooms").glob("*.md")}
    assert not ({*rooms, *programs} - {"static", "templates", "__pycache__"}) - pages


def test_settings_are_read_in_one_place_only() -> None:
    readers = [
        str(path.relative_to(SOURCE))
        for path in sources()
        if re.search(r"os\.environ|os\.getenv", path.read_text()) and "center" in path.parts
    ]
    assert sorted(readers) == ["center/config/asgi.py", "center/config/table.py"]


def test_no_two_test_files_have_one_name() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names)), "pytest imports test files by their base name"
