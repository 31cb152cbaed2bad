"""The IPP message encoding (RFC 8010) as a printer needs it."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class Tag(IntEnum):
    """Delimiter and value tags, RFC 8010 section 3.5."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    PRINTER = 0x04
    UNSUPPORTED = 0x05
    UNSUPPORTED_VALUE = 0x10
    UNKNOWN = 0x12
    NO_VALUE = 0x13
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    OCTETS = 0x30
    DATE = 0x31
    RESOLUTION = 0x32
    RANGE = 0x33
    BEGIN_COLLECTION = 0x34
    END_COLLECTION = 0x37
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    URI_SCHEME = 0x46
    CHARSET = 0x47
    LANGUAGE = 0x48
    MIME = 0x49
    MEMBER_NAME = 0x4A


class Operation(IntEnum):
    """RFC 8011 section 5.4.15."""

    PRINT_JOB = 0x0002
    VALIDATE_JOB = 0x0004
    CANCEL_JOB = 0x0008
    GET_JOB_ATTRIBUTES = 0x0009
    GET_JOBS = 0x000A
    GET_PRINTER_ATTRIBUTES = 0x000B


class Status(IntEnum):
    """RFC 8011 appendix B."""

    OK = 0x0000
    BAD_REQUEST = 0x0400
    NOT_POSSIBLE = 0x0404
    NOT_FOUND = 0x0406
    REQUEST_TOO_LARGE = 0x0408
    FORMAT_NOT_SUPPORTED = 0x040A
    ATTRIBUTES_NOT_SUPPORTED = 0x040B
    CHARSET_NOT_SUPPORTED = 0x040D
    COMPRESSION_NOT_SUPPORTED = 0x040F
    OPERATION_NOT_SUPPORTED = 0x0501
    VERSION_NOT_SUPPORTED = 0x0503
    NOT_ACCEPTING_JOBS = 0x0506


class BadMessage(ValueError):
    """Bytes that are not an IPP message; the answer is client-error-bad-request."""


@dataclass(frozen=True, slots=True)
class Value:
    """One attribute: its tag and one or more values (int, bool, str, bytes, a pair of a range, a dict of members)."""

    tag: Tag
    values: tuple[Any, ...]


Attributes = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Message:
    """A request (`code` is an operation) or an answer (`code` is a status). `groups` keep their order."""

    version: tuple[int, int]
    code: int
    request_id: int
    groups: list[tuple[int, Attributes]] = field(default_factory=list)
    data: bytes = b""

    def group(self, tag: Tag) -> Attributes:
        return next((attributes for found, attributes in self.groups if found == tag), {})


def value(tag: Tag, *values: Any) -> Value:
    return Value(tag, values)


def integers(*numbers: int) -> Value:
    return Value(Tag.INTEGER, numbers)


def enums(*numbers: int) -> Value:
    return Value(Tag.ENUM, numbers)


def keywords(*words: str) -> Value:
    return Value(Tag.KEYWORD, words)


def encode(message: Message) -> bytes:
    """The bytes of a message. Raises BadMessage for a value that does not fit its tag."""
    out = bytearray(struct.pack(">BBHI", *message.version, message.code, message.request_id))
    for tag, attributes in message.groups:
        out.append(tag)
        for name, attribute in attributes.items():
            for position, one in enumerate(attribute.values):
                label = name.encode("ascii") if position == 0 else b""
                out += _item(attribute.tag, label, one)
    out.append(Tag.END)
    return bytes(out + message.data)


def _item(tag: Tag, label: bytes, one: Any) -> bytes:
    body = b"" if tag is Tag.BEGIN_COLLECTION else _pack(tag, one)
    head = struct.pack(">BH", tag, len(label)) + label + struct.pack(">H", len(body)) + body
    if tag is not Tag.BEGIN_COLLECTION:
        return head
    members = b"".join(
        _item(Tag.MEMBER_NAME, b"", name) + b"".join(_item(member.tag, b"", inner) for inner in member.values)
        for name, member in one.items()
    )
    return head + members + _item(Tag.END_COLLECTION, b"", "")


def _pack(tag: Tag, one: Any) -> bytes:
    match tag:
        case Tag.INTEGER | Tag.ENUM:
            return struct.pack(">i", one)
        case Tag.BOOLEAN:
            return struct.pack(">?", one)
        case Tag.RANGE:
            return struct.pack(">ii", *one)
        case Tag.RESOLUTION:
            return struct.pack(">iib", *one)
        case Tag.OCTETS | Tag.DATE:
            return bytes(one)
        case Tag.NO_VALUE | Tag.UNKNOWN | Tag.UNSUPPORTED_VALUE:
            return b""
    return str(one).encode("utf-8")


def decode(raw: bytes) -> Message:
    """A message from its bytes. Raises BadMessage; never reads beyond them."""
    try:
        major, minor, code, request_id = struct.unpack_from(">BBHI", raw)
        groups, end = _groups(raw)
    except (struct.error, IndexError, UnicodeDecodeError, ValueError) as error:
        raise BadMessage(str(error)) from None
    return Message((major, minor), code, request_id, groups, raw[end:])


def _groups(raw: bytes) -> tuple[list[tuple[int, Attributes]], int]:
    groups: list[tuple[int, Attributes]] = []
    at, name = 8, ""
    while raw[at] != Tag.END:
        tag = raw[at]
        if tag < 0x10:
            groups.append((tag, {}))
            at, name = at + 1, ""
            continue
        if not groups:
            raise BadMessage("an attribute before the first group")
        label, body, at = _field(raw, at + 1)
        if tag == Tag.BEGIN_COLLECTION:
            at = _skip_collection(raw, at)
            body = b""
        name = label.decode("ascii") or name
        if not name:
            raise BadMessage("a value without an attribute")
        found = groups[-1][1].get(name) if not label else None
        known = Tag(tag) if tag in Tag._value2member_map_ else Tag.UNKNOWN
        one = _unpack(known, body)
        groups[-1][1][name] = Value(known, (*found.values, one) if found else (one,))
    return groups, at + 1


def _field(raw: bytes, at: int) -> tuple[bytes, bytes, int]:
    label_size = struct.unpack_from(">H", raw, at)[0]
    label = raw[at + 2 : at + 2 + label_size]
    at += 2 + label_size
    size = struct.unpack_from(">H", raw, at)[0]
    body = raw[at + 2 : at + 2 + size]
    if len(label) != label_size or len(body) != size:
        raise BadMessage("the message ends inside an attribute")
    return label, body, at + 2 + size


def _skip_collection(raw: bytes, at: int) -> int:
    # A printer of one tray has no use for media-col, but must find its end.
    depth = 1
    while depth:
        tag = raw[at]
        _label, _body, at = _field(raw, at + 1)
        depth += (tag == Tag.BEGIN_COLLECTION) - (tag == Tag.END_COLLECTION)
    return at


def _unpack(tag: Tag, body: bytes) -> Any:
    match tag:
        case Tag.INTEGER | Tag.ENUM:
            return struct.unpack(">i", body)[0]
        case Tag.BOOLEAN:
            return body != b"\0"
        case Tag.RANGE:
            return struct.unpack(">ii", body)
        case Tag.OCTETS | Tag.DATE | Tag.RESOLUTION | Tag.UNKNOWN | Tag.NO_VALUE | Tag.BEGIN_COLLECTION:
            return body
    return body.decode("utf-8")


def only(attributes: Attributes, requested: Iterable[str], groups: Mapping[str, Iterable[str]]) -> Attributes:
    """The requested attributes; "all" and names of `groups` are understood (RFC 8011 section 4.2.5.1)."""
    wanted: set[str] = set()
    for name in requested:
        if name == "all":
            return dict(attributes)
        wanted.update(groups.get(name, (name,)))
    return {name: attribute for name, attribute in attributes.items() if name in wanted}
