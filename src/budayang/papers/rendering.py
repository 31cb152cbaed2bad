"""Papers from templates that ship with the package.

A template never sees a file, a package or the network: it is compiled from memory in an empty root, and data come in as
one JSON string by `sys.inputs`. Typst shows strings as text and never evaluates them, so what a department or a person
typed cannot become code.
"""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import typst

from budayang.papers.glyphs import MONGOLIAN, missing_glyphs
from budayang.papers.qr import qr_svg

_MAX_DATA_BYTES = 256 * 1024
ADDRESSES = ("verify_url", "report_url")
"""The field whose address becomes the paper's QR code."""


class PaperError(ValueError):
    """A paper could not be made; the message says which field or which template is at fault, without its value."""


@dataclass(frozen=True, slots=True)
class Template:
    """What a template needs. `lists` are rows of [label, value] or, for a table, rows of cells."""

    name: str
    texts: tuple[str, ...]
    lists: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    most_bytes: int = _MAX_DATA_BYTES


TEMPLATES: Mapping[str, Template] = {
    t.name: t
    for t in (
        Template(
            "certificate",
            texts=("title", "department", "number", "issued_at", "code", "verify_url"),
            lists=("fields",),
            optional=("intro", "columns", "rows", "total", "note", "authority", "validity", "demo"),
        ),
        Template(
            "receipt",
            texts=("number", "item", "at", "department", "outcome", "code", "verify_url", "head_seq", "head_hash"),
            optional=(
                "title",
                "rows",
                "area",
                "terminal",
                "next",
                "law",
                "progress_url",
                "rate_url",
                "authority",
                "demo",
            ),
        ),
        Template(
            "test_page",
            texts=("terminal", "printer", "at"),
            optional=("area", "order", "reason", "rows", "demo"),
        ),
        Template(
            "ledger",
            texts=("title", "place", "period", "basis", "made"),
            lists=("rows",),
            optional=("columns", "widths", "numbers", "figures", "note", "signers", "volume", "demo"),
            most_bytes=8 * 1024 * 1024,
        ),
        Template(
            "standard",
            texts=("title",),
            optional=("cover", "lines", "front", "blocks", "mark", "demo"),
            most_bytes=8 * 1024 * 1024,
        ),
        Template(
            "monthly",
            texts=("title", "place", "made", "published", "hash"),
            optional=("sections", "lead", "corrections", "definitions", "notes", "demo"),
            most_bytes=8 * 1024 * 1024,
        ),
        Template(
            "fault_notice",
            texts=("title", "area", "sentence", "printed_at", "report_url"),
            lists=("rows",),
            optional=("machine", "phone", "demo"),
        ),
    )
}


def render(template_name: str, data: Mapping[str, Any], *, at: datetime | None = None) -> bytes:
    """Make the PDF (A4, fonts embedded, tagged) of one template.

    data: JSON values; texts are str, `fields` and `rows` are lists of lists of str, `demo` is a bool and adds the
    watermark 演示数据. at: creation time written into the file; with it the same data give the same bytes.
    Raises PaperError when the template is unknown or a field is missing or of the wrong shape.
    """
    # PDF dates have no fractions, and typst takes fixed offsets only.
    made_at = at.astimezone(UTC).replace(microsecond=0) if at else None
    return _compile(template_name, data, made_at, "pdf", None)[0]


def preview(template_name: str, data: Mapping[str, Any], *, ppi: float = 96.0) -> list[bytes]:
    """The same pages as PNG pictures, for the screen and for tests."""
    return _compile(template_name, data, None, "png", ppi)


def _compile(
    template_name: str, data: Mapping[str, Any], at: datetime | None, form: Any, ppi: float | None
) -> list[bytes]:
    template = TEMPLATES.get(template_name)
    if template is None:
        raise PaperError(f"unknown paper template {template_name!r}; known: {', '.join(TEMPLATES)}")
    inputs = {"data": _checked(template, data)}
    for address in ADDRESSES:
        if address in template.texts:
            inputs["qr"] = qr_svg(str(data[address]))
    if data.get("rate_url"):
        inputs["rate_qr"] = qr_svg(str(data["rate_url"]))
    try:
        return set_pages(_source(template_name), inputs, form, at=at, ppi=ppi)
    except typst.TypstError as error:
        # The diagnostic may quote data, and data are a person's: only the message's kind is passed on.
        raise PaperError(f"typst could not set template {template_name!r}: {error.message[:120]}") from None


def set_pages(
    source: bytes, inputs: Mapping[str, str], form: Any, *, at: datetime | None = None, ppi: float | None = None
) -> list[bytes]:
    """The pages of a source: one PDF, or a picture a page ("png", "svg"). Raises typst.TypstError.

    For the modules of this package only: they check the data and keep them out of messages.
    """
    with tempfile.TemporaryDirectory(prefix="budayang-paper-") as empty:
        compiler = typst.Compiler(
            source,
            root=empty,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs=dict(inputs),
            package_path=empty,
            package_cache_path=empty,
        )
        made = compiler.compile(format=form, ppi=ppi, timestamp=at)
    pages = made if isinstance(made, list) else [made]
    return [page for page in pages if page is not None]


def _checked(template: Template, data: Mapping[str, Any]) -> str:
    known = {*template.texts, *template.lists, *template.optional}
    if unknown := sorted(set(data) - known):
        raise PaperError(f"template {template.name!r} does not know the fields {', '.join(unknown)}")
    for name in template.texts:
        if not isinstance(data.get(name), str) or not data[name].strip():
            raise PaperError(f"template {template.name!r} needs the text {name!r}")
    for name in ("fields", "rows", "columns"):
        if name in data or name in template.lists:
            _check_rows(template, name, data.get(name))
    text = json.dumps(dict(data), ensure_ascii=False)
    if missing := missing_glyphs(text):
        raise PaperError(f"the fonts have no glyph for {', '.join(f'U+{ord(c):04X}' for c in missing)}")
    if len(text.encode()) > template.most_bytes:
        raise PaperError(f"the data of template {template.name!r} are larger than {template.most_bytes} bytes")
    return text


def _check_rows(template: Template, name: str, value: Any) -> None:
    def text_list(cells: Any) -> bool:
        return isinstance(cells, (list, tuple)) and all(isinstance(cell, str) for cell in cells)

    ok = text_list(value) if name == "columns" else isinstance(value, (list, tuple)) and all(map(text_list, value))
    if not ok:
        raise PaperError(
            f"template {template.name!r}: {name!r} must be a list of {'texts' if name == 'columns' else 'rows'}"
        )


@functools.cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[Path(pylopdf_fonts_zh_cn.sans_path()).parent, MONGOLIAN.parent],
    )


@functools.cache
def _source(name: str) -> bytes:
    # The root is empty, so a template cannot import the house style: it is put in front of it.
    return template_source("house", name)


def template_source(*names: str) -> bytes:
    """Files of templates/, one after the other."""
    folder = resources.files("budayang.papers") / "templates"
    return b"\n".join((folder / f"{name}.typ").read_bytes() for name in names)
