"""An uploaded SVG drawing as what may be kept of it: shapes and colours, nothing that runs, links or loads.

The tree is built anew from a list of allowed elements and attributes; whatever is not on it is left out. The result is
still shown as an image only (`<img>`, where no script runs), and drawn by the typesetter.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

MAX_BYTES = 512 * 1024
MAX_ELEMENTS = 5_000
SVG = "{http://www.w3.org/2000/svg}"
# No `use`: a few of them, each of the one before, unfold to millions of shapes.
_DRAWN = frozenset({"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"})
_AROUND = frozenset({"svg", "g", "defs", "clipPath", "linearGradient", "radialGradient", "stop", "title", "desc"})
_ATTRIBUTES = frozenset(
    re.split(
        r"\s+",
        "id d x y x1 y1 x2 y2 cx cy r rx ry fx fy width height points transform viewBox preserveAspectRatio fill "
        "fill-rule fill-opacity stroke stroke-width stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray "
        "stroke-opacity opacity clip-path clip-rule offset stop-color stop-opacity gradientUnits gradientTransform",
    )
)
_STYLED = re.compile(r"\s*([a-z-]+)\s*:\s*([^;]+?)\s*(?:;|$)")
_OWN_URL = re.compile(r"url\(\s*['\"]?#[\w.-]+['\"]?\s*\)")


class NotADrawing(ValueError):
    """The file is no SVG drawing that can be kept. The message is for people."""


def clean_svg(content: bytes) -> str:
    """The drawing with a viewBox and without a size. Raises NotADrawing."""
    if len(content) > MAX_BYTES:
        raise NotADrawing("SVG 文件超过 512 KB，请简化图形")
    try:
        root = fromstring(content, forbid_dtd=False)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise NotADrawing("这不是能打开的 SVG 图形") from error
    if root.tag != f"{SVG}svg":
        raise NotADrawing("这不是能打开的 SVG 图形")
    if sum(1 for _one in root.iter()) > MAX_ELEMENTS:
        raise NotADrawing("SVG 图形的部件太多，请简化图形")
    kept = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": _view_box(root)})
    drawn = _copy_children(root, kept)
    if drawn == 0:
        raise NotADrawing("SVG 里没有图形：文字请转成曲线，图片请直接上传 PNG")
    return tostring(kept, encoding="unicode")


def _view_box(root: Element) -> str:
    sides = re.fullmatch(r"[\s,]*(-?[\d.]+)[\s,]+(-?[\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)[\s,]*", root.get("viewBox", ""))
    if sides:
        return " ".join(sides.groups())
    size = [re.match(r"\s*([\d.]+)", root.get(side, "")) for side in ("width", "height")]
    if not (size[0] and size[1]):
        raise NotADrawing("SVG 没有 viewBox，也没有宽和高")
    return f"0 0 {size[0].group(1)} {size[1].group(1)}"


def _copy_children(old: Element, new: Element) -> int:
    """Copy what is allowed; returns how many shapes were copied."""
    drawn = 0
    for child in old:
        name = str(child.tag).removeprefix(SVG)
        if name not in _DRAWN and name not in _AROUND:
            continue
        copy = SubElement(new, name, _attributes(child))
        if name in {"title", "desc"}:
            copy.text = (child.text or "")[:200]
            continue
        drawn += (name in _DRAWN) + _copy_children(child, copy)
    return drawn


def _attributes(element: Element) -> dict[str, str]:
    found = {name: value for name, value in element.attrib.items() if name in _ATTRIBUTES}
    for name, value in _STYLED.findall(element.get("style", "")):
        if name in _ATTRIBUTES:
            found[name] = value
    return {name: value for name, value in found.items() if _harmless(value)}


def _harmless(value: str) -> bool:
    """Whether a value leads nowhere outside the drawing."""
    rest = _OWN_URL.sub("", value)
    return "url" not in rest.lower() and "\\" not in rest and "javascript" not in rest.lower()
