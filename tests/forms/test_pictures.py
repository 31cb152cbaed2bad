"""The check of pictures on synthetic sheets: blank, blurred, cut, small; and what a picture written anew still says."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image, ImageDraw, ImageFilter

from budayang.forms.pictures import Limits, NotAPicture, brightness, measure, shrink, thumbnail, turn


def sheet(*, lines: int = 34, size: tuple[int, int] = (1654, 2339)) -> Image.Image:
    """A page with something like writing on it."""
    page = Image.new("RGB", size, (245, 245, 242))
    draw, dice = ImageDraw.Draw(page), random.Random(7)
    for line in range(lines):
        x = 150
        while x < size[0] - 200:
            width = dice.randint(6, 20)
            draw.rectangle((x, 180 + line * 58, x + width, 204 + line * 58), fill=(40, 40, 44))
            x += width + dice.randint(4, 18)
    return page


def lying(page: Image.Image, *, right: int = 0, down: int = 0, table: int = 70) -> Image.Image:
    """The page on a table, moved out of the middle."""
    small = page.resize((page.width * 4 // 5, page.height * 4 // 5))
    out = Image.new("RGB", page.size, (table, table, table))
    out.paste(small, ((out.width - small.width) // 2 + right, (out.height - small.height) // 2 + down))
    return out


def jpeg(picture: Image.Image, **more: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85, **more)
    return out.getvalue()


def blurred(picture: Image.Image, radius: float) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(radius))


GOOD = {
    "a scan": sheet(),
    "on a dark table": lying(sheet()),
    "on a light table": lying(sheet(), table=190),
    "two lines only": sheet(lines=2),
    "slightly soft": blurred(sheet(), 2),
    "a small card": sheet(lines=5, size=(860, 540)),
}
BAD = {
    "blank": (sheet(lines=0), "blank"),
    "blank on a table": (lying(sheet(lines=0)), "blank"),
    "out of focus": (blurred(sheet(), 6), "blurred"),
    "moved on a table": (blurred(lying(sheet()), 6), "blurred"),
    "over the right edge": (lying(sheet(), right=330), "cut"),
    "over the lower edge": (lying(sheet(), down=500), "cut"),
    "half a scan": (sheet().crop((400, 0, 1654, 2339)), "cut"),
    "tiny": (sheet().resize((300, 424)), "small"),
}


@pytest.mark.parametrize("name", sorted(GOOD))
def test_what_a_clerk_can_read_passes(name: str) -> None:
    assert measure(jpeg(GOOD[name])).problems == ()


@pytest.mark.parametrize("name", sorted(BAD))
def test_what_a_clerk_cannot_use_is_named(name: str) -> None:
    picture, problem = BAD[name]
    assert measure(jpeg(picture)).problems == (problem,)


def test_the_thresholds_are_the_place_s() -> None:
    soft = jpeg(blurred(sheet(), 3))
    assert measure(soft, Limits(sharp=70)).problems == ()
    assert measure(soft, Limits(sharp=2000)).problems == ("blurred",)
    assert measure(jpeg(sheet(lines=2)), Limits(ink=0.2)).problems == ("blank",)
    assert measure(jpeg(sheet()), Limits(side=1700)).problems == ("small",)


def test_a_picture_written_anew_says_nothing_but_what_is_seen() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side, says the camera
    exif[0x010F] = "Maker of phones"
    exif.get_ifd(0x8825)[1] = "N"
    raw = jpeg(sheet(), exif=exif, comment=b"whose phone")
    clean = shrink(raw)
    with Image.open(io.BytesIO(clean)) as picture:
        assert not picture.getexif()
        assert "comment" not in picture.info
        assert picture.width > picture.height, "turned as it was held"
        assert max(picture.size) <= 2200
    assert b"Maker" not in clean
    assert b"whose phone" not in clean


def test_a_picture_is_as_small_as_it_has_to_be() -> None:
    noise = Image.effect_noise((2000, 2600), 90).convert("RGB")
    assert len(shrink(jpeg(noise), most=300_000)) <= 300_000


def test_turning_and_small_copies() -> None:
    turned = turn(jpeg(sheet()))
    with Image.open(io.BytesIO(turned)) as picture:
        assert picture.size == (2339, 1654)
    with Image.open(io.BytesIO(thumbnail(turned))) as small:
        assert max(small.size) == 480
    assert brightness(jpeg(Image.new("RGB", (50, 50), (2, 2, 2)))) < 6


@pytest.mark.parametrize("raw", [b"", b"%PDF-1.7", b"GIF89a", b"\xff\xd8\xff\xe0 cut", bytes(range(256)) * 4])
def test_what_is_no_picture_is_told(raw: bytes) -> None:
    for look in (measure, shrink, thumbnail, turn, brightness):
        with pytest.raises(NotAPicture):
            look(raw)
