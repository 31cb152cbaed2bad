"""Can a clerk read this picture? Blank, blurred, cut off or too small is told while the paper still lies there.

Pillow only; nothing here recognises text. Every measure is taken on a grey copy of fixed width, so that one threshold
serves a phone and a document camera. Thresholds are parameters of the center (``material_*`` in rules.parameters).
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter, ImageOps, ImageStat, UnidentifiedImageError

MEASURE_WIDTH = 900  # pixels of the copy that is measured
EDGE = 0.012  # share of width and height that counts as the picture's edge
INK_STEP = 48  # so much darker than the paper beside it is ink
PAPER_STEP = 40  # so much lighter than the ground is paper
EDGE_RUN = 0.18  # so much of an edge must be paper before the paper is said to run over it
BYTES_OF_JPEG = 1_500_000
LONG_SIDE = 2200  # pixels of A4's long side at 188 dpi: small print stays readable
QUALITIES = (85, 75, 65, 55)


class NotAPicture(ValueError):
    """The bytes hold no JPEG, PNG or WebP picture."""


@dataclass(frozen=True)
class Limits:
    """Thresholds. ``ink``: share of dark pixels below which a sheet is blank; ``sharp``: variance of the edges below
    which it is blurred; ``side``: pixels of the short side below which it is too small.
    """

    ink: float = 0.0015
    sharp: float = 70.0
    side: int = 500


@dataclass(frozen=True)
class Measured:
    """What was measured, and what is wrong: blank | blurred | cut | small."""

    ink: float
    sharp: float
    side: int
    edges: int
    problems: tuple[str, ...]


WORDS: dict[str, str] = {
    "blank": "这一张几乎是空白的，请看看是不是放反了",
    "blurred": "这一张不清楚，请放平、别动，再拍一次",
    "cut": "纸的边没有拍全，请把整张纸放进画面，再拍一次",
    "small": "这一张太小，放大也看不清，请拍得近一些",
}
REFUSED = frozenset({"blank", "small"})
"""What a clerk can do nothing with. The others are advice: the person may keep such a picture."""


def measure(content: bytes, limits: Limits | None = None) -> Measured:
    """Measure a picture.

    Raises:
        NotAPicture: it cannot be opened.
    """
    bounds = limits or Limits()
    with _opened(content) as picture:
        side = min(picture.size)
        grey = ImageOps.grayscale(picture)
        height = max(1, round(grey.height * MEASURE_WIDTH / grey.width))
        small = grey.resize((MEASURE_WIDTH, height), Image.Resampling.BILINEAR)
    ink, edges, sharp = _ink(small), _edges(small), _sharp(small)
    problems = []
    if side < bounds.side:
        problems.append("small")
    if ink < bounds.ink:
        problems.append("blank")
    elif sharp < bounds.sharp:
        problems.append("blurred")
    if edges and "blank" not in problems:
        problems.append("cut")
    return Measured(ink, sharp, side, edges, tuple(problems))


def shrink(content: bytes, *, most: int = BYTES_OF_JPEG) -> bytes:
    """The picture as a JPEG of at most `most` bytes that says nothing but what is seen: turned upright, no EXIF, no
    place, no maker's notes.

    Raises:
        NotAPicture: it cannot be opened.
    """
    with _opened(content) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGB")
        upright.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
        clean = Image.new("RGB", upright.size)
        clean.paste(upright)
    while True:
        for quality in QUALITIES:
            out = io.BytesIO()
            clean.save(out, "JPEG", quality=quality, optimize=True)
            if out.tell() <= most:
                return out.getvalue()
        clean = clean.resize((max(1, clean.width * 3 // 4), max(1, clean.height * 3 // 4)), Image.Resampling.LANCZOS)


def thumbnail(content: bytes, side: int = 480) -> bytes:
    """A small JPEG for the screen. Raises NotAPicture."""
    with _opened(content) as picture:
        small = picture.convert("RGB")
        small.thumbnail((side, side), Image.Resampling.BILINEAR)
        out = io.BytesIO()
        small.save(out, "JPEG", quality=78)
    return out.getvalue()


def brightness(content: bytes) -> float:
    """The mean of the picture's grey, 0 (black) to 255. Raises NotAPicture."""
    with _opened(content) as picture:
        picture.thumbnail((200, 200))
        return float(ImageStat.Stat(ImageOps.grayscale(picture)).mean[0])


def turn(content: bytes) -> bytes:
    """The picture turned a quarter to the right. Raises NotAPicture."""
    with _opened(content) as picture:
        out = io.BytesIO()
        picture.convert("RGB").transpose(Image.Transpose.ROTATE_270).save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()


def _opened(content: bytes) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP"))
        picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NotAPicture(type(error).__name__) from error
    return picture


def _ink(grey: Image.Image) -> float:
    """The share of pixels on the sheet clearly darker than the paper around them: uneven light is no ink, and the
    table is no paper.
    """
    sheet = grey.crop(_inner(_sheet_box(grey)))
    cells = (30, max(1, sheet.height * 30 // max(1, sheet.width)))
    ground = sheet.resize(cells, Image.Resampling.BOX).filter(ImageFilter.MaxFilter(3))
    light = ground.resize(sheet.size, Image.Resampling.BILINEAR)
    dark = ImageChops.subtract(light, sheet).point(lambda step: 255 if step > INK_STEP else 0)
    return float(ImageStat.Stat(dark).mean[0]) / 255


def _inner(box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    margin_x, margin_y = (right - left) // 20, (bottom - top) // 20
    return (left + margin_x, top + margin_y, max(left + margin_x + 1, right - margin_x),
            max(top + margin_y + 1, bottom - margin_y))  # fmt: skip


def _sheet_box(grey: Image.Image) -> tuple[int, int, int, int]:
    """Where the sheet lies: the bright part, where it lies on something darker; else the whole picture."""
    whole = (0, 0, *grey.size)
    bright, ground = _levels(grey)
    if bright - ground < PAPER_STEP:
        return whole
    limit = (bright + ground) / 2
    paper = grey.point(lambda value: 255 if value > limit else 0).filter(ImageFilter.MinFilter(5))
    return paper.getbbox() or whole


def _levels(grey: Image.Image) -> tuple[float, float]:
    """How bright the paper is, and the darkest edge of the picture."""
    bright = float(ImageStat.Stat(grey.crop(_inner((0, 0, *grey.size)))).median[0])
    return bright, min(float(ImageStat.Stat(edge).median[0]) for edge in _border(grey))


def _border(grey: Image.Image) -> list[Image.Image]:
    width, height = grey.size
    band = max(2, round(width * EDGE))
    boxes = (
        (0, 0, width, band),
        (0, height - band, width, height),
        (0, 0, band, height),
        (width - band, 0, width, height),
    )
    return [grey.crop(box) for box in boxes]


def _sharp(grey: Image.Image) -> float:
    """The variance of the Laplacian where there is most to see: a page is mostly white, and white has no edges."""
    edges = grey.filter(ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128))
    edges = edges.crop((2, 2, edges.width - 2, edges.height - 2))  # the filter leaves the outermost pixels as they were
    width, height = edges.size
    columns, rows = 6, max(1, round(6 * height / width))
    tiles = []
    for row in range(rows):
        for column in range(columns):
            box = (column * width // columns, row * height // rows, (column + 1) * width // columns,
                   (row + 1) * height // rows)  # fmt: skip
            tiles.append(float(ImageStat.Stat(edges.crop(box)).var[0]))
    tiles.sort(reverse=True)
    best = tiles[: max(1, len(tiles) // 6)]
    return sum(best) / len(best)


def _edges(grey: Image.Image) -> int:
    """Over how many edges of the picture the sheet runs. 0 for a sheet that lies wholly inside, and for a scan that is
    nothing but the sheet (paper at all four edges without ink that is cut).
    """
    bright, ground = _levels(grey)
    border = _border(grey)
    if bright - ground < PAPER_STEP:
        return sum(_cut_ink(edge, bright) for edge in border)
    limit = (bright + ground) / 2
    paper = [float(ImageStat.Stat(edge.point(lambda v: 255 if v > limit else 0)).mean[0]) / 255 for edge in border]
    return sum(share > EDGE_RUN for share in paper)


def _cut_ink(edge: Image.Image, bright: float) -> bool:
    """Whether writing runs out of the picture at this edge."""
    dark = edge.point(lambda value: 255 if value < bright - 2 * INK_STEP else 0)
    share = float(ImageStat.Stat(dark).mean[0]) / 255
    return 0.02 < share < 0.6
