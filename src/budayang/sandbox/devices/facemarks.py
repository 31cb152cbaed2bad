"""Faces of the sandbox are none: a pattern of blocks made from a number, on the card and before the camera.

So nobody's likeness is needed, and the engine's answer is right for a reason that a test can follow.
"""

from __future__ import annotations

import hashlib
import io

from PIL import Image, ImageDraw, UnidentifiedImageError

PHOTO_BYTES = 1024
SIDE, BLOCK, LEFT, TOP = 8, 24, 64, 20
WIDTH, HEIGHT = 320, 240
DARK, LIGHT, MIDDLE = 40, 215, 128
_HEAD = b"SANDBOX-FACE"


def mark_of(id_number: str) -> bytes:
    """Eight bytes that stand for a citizen's face."""
    return hashlib.sha256(f"face of {id_number}".encode()).digest()[: SIDE * SIDE // 8]


def photo_of(id_number: str) -> bytes:
    """What stands for the photo on the card: 1,024 bytes that nobody but the sandbox' engine reads."""
    held = _HEAD + mark_of(id_number)
    return held + b"\xa5" * (PHOTO_BYTES - len(held))


def mark_on(photo: bytes) -> bytes | None:
    """The mark in a card's photo; None when there is none."""
    start = len(_HEAD)
    return photo[start : start + SIDE * SIDE // 8] if photo[:start] == _HEAD else None


def draw(mark: bytes | None, *, turn: int, paper: bool = False) -> bytes:
    """One frame as JPEG. `turn` differs from frame to frame as noise does; `paper`: a picture is held up, so that
    nobody living stands there; without a mark nobody stands there.
    """
    frame = Image.new("L", (WIDTH, HEIGHT), MIDDLE)
    pen = ImageDraw.Draw(frame)
    if mark is not None:
        bits = int.from_bytes(mark, "big")
        for place in range(SIDE * SIDE):
            x, y = LEFT + place % SIDE * BLOCK, TOP + place // SIDE * BLOCK
            pen.rectangle((x, y, x + BLOCK - 1, y + BLOCK - 1), fill=LIGHT if bits >> place & 1 else DARK)
    if paper:
        pen.rectangle((0, 0, 24, 24), fill=255)
    pen.rectangle((280, 220, 280 + turn % 8 * 4, 232), fill=200 + turn % 50)
    out = io.BytesIO()
    frame.save(out, "JPEG", quality=88)
    return out.getvalue()


def black() -> bytes:
    """What a covered camera sees."""
    out = io.BytesIO()
    Image.new("L", (WIDTH, HEIGHT), 0).save(out, "JPEG")
    return out.getvalue()


def read(frame: bytes) -> tuple[bytes | None, bool]:
    """(the mark that stands before the camera or None, whether a picture is held up). Raises ValueError."""
    try:
        seen = Image.open(io.BytesIO(frame)).convert("L")
        seen.load()
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError("no picture") from error
    if seen.size != (WIDTH, HEIGHT):
        raise ValueError("not this camera's picture")
    grey = seen.tobytes()
    bits, sure = 0, 0
    for place in range(SIDE * SIDE):
        x, y = LEFT + place % SIDE * BLOCK + BLOCK // 2, TOP + place // SIDE * BLOCK + BLOCK // 2
        light = grey[y * WIDTH + x]
        sure += abs(light - MIDDLE) > 40
        bits |= (light > MIDDLE) << place
    paper = grey[8 * WIDTH + 8] > 230
    return (bits.to_bytes(SIDE * SIDE // 8, "big") if sure == SIDE * SIDE else None), paper
