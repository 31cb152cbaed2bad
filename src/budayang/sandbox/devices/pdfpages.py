"""How many pages a PDF has, without a PDF library: a printer has to know how much paper a job takes."""

from __future__ import annotations

import re
import zlib

_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm")
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_MAX_STREAM = 8 * 1024 * 1024


def count_pages(pdf: bytes) -> int:
    """Page objects in the file, in object streams (PDF 1.5) too; 0 when the bytes are not a PDF."""
    if not pdf.startswith(b"%PDF-"):
        return 0
    count = 0
    end = 0
    for found in _STREAM.finditer(pdf):
        if found.start() < end:
            continue
        head = pdf[max(end, pdf.rfind(b" obj", end, found.start())) : found.start()]
        count += len(_PAGE.findall(pdf[end : found.start()]))
        end = pdf.find(b"endstream", found.end())
        end = len(pdf) if end < 0 else end
        if _OBJECT_STREAM.search(head):
            count += len(_PAGE.findall(_inflate(pdf[found.end() : end])))
    return count + len(_PAGE.findall(pdf[end:]))


def _inflate(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, _MAX_STREAM)
    except zlib.error:
        return b""
