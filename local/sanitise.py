"""What CloudWatch leaves of a custom widget's HTML: no script, no frame, no ``<use>``, no event attribute.

In: the HTML that a widget's function answered. Out: HTML that can be looked at and does nothing: text, tables, forms,
styles, SVG, and ``<cwdb-action>``, which the page carries out. Taken out: every element and attribute that is not
listed here, links that are not http(s), images that are not part of the page, styles that would load something.

CloudWatch documents only some of what it takes out (JavaScript, ``<iframe>``, ``<use>``), so this is a list of what may
stay. What passes here passes there.
"""

from __future__ import annotations

import re

import nh3

_TEXT = """
    a abbr address article aside b blockquote br caption cite code col colgroup dd del details dfn div dl dt em
    figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark meter nav ol p pre progress q s samp
    section small span strong style sub summary sup table tbody td tfoot th thead time tr u ul var
"""
_FORMS = "button datalist fieldset form input label legend optgroup option output select textarea"
_SVG = """
    svg circle clipPath defs desc ellipse g line linearGradient marker mask path pattern polygon polyline radialGradient
    rect stop text title tspan
"""
_TAGS = {*_TEXT.split(), *_FORMS.split(), *_SVG.split(), "cwdb-action"}

_EVERYWHERE = "class dir hidden id lang role style tabindex title"
_DRAWING = """
    clip-path cx cy d dominant-baseline dx dy fill fill-opacity fill-rule font-size font-weight fx fy gradientTransform
    gradientUnits height mask marker-end marker-mid marker-start offset opacity patternUnits points preserveAspectRatio
    r rx ry shape-rendering stop-color stop-opacity stroke stroke-dasharray stroke-linecap stroke-linejoin
    stroke-opacity stroke-width text-anchor transform vector-effect viewBox width x x1 x2 y y1 y2
"""
_DRAWINGS = set(_DRAWING.split())
_FIELD = "autocomplete checked disabled maxlength min minlength max multiple name pattern placeholder readonly required"
_ATTRIBUTES = {
    "*": set(_EVERYWHERE.split()),
    **dict.fromkeys(_SVG.split(), _DRAWINGS),
    "a": {"href", "target"},
    "button": {"disabled", "name", "type", "value"},
    "col": {"span"},
    "colgroup": {"span"},
    "cwdb-action": {"action", "confirmation", "display", "endpoint", "event"},
    "details": {"open"},
    "fieldset": {"disabled", "name"},
    "img": {"alt", "height", "src", "width"},
    "input": {*_FIELD.split(), "inputmode", "list", "size", "step", "type", "value"},
    "label": {"for"},
    "li": {"value"},
    "meter": {"high", "low", "max", "min", "optimum", "value"},
    "ol": {"reversed", "start", "type"},
    "optgroup": {"disabled", "label"},
    "option": {"disabled", "label", "selected", "value"},
    "output": {"for", "name"},
    "progress": {"max", "value"},
    "select": {*_FIELD.split(), "size"},
    "td": {"colspan", "headers", "rowspan"},
    "textarea": {*_FIELD.split(), "cols", "rows"},
    "th": {"abbr", "colspan", "headers", "rowspan", "scope"},
    "time": {"datetime"},
}
#: These are removed with everything inside them. Of other elements that are not listed, the content stays.
_WHOLE = {"applet", "embed", "frame", "frameset", "iframe", "noscript", "object", "script", "template"}
_IMAGE = re.compile(r"data:image/(?:gif|jpeg|png|svg\+xml|webp)[;,]", re.IGNORECASE)
#: A backslash can spell any of the other words.
_LOADS = re.compile(
    r"url\s*\((?!\s*['\"]?#)|image-set\s*\(|image\s*\(|src\s*\(|@import|expression\s*\(|\\", re.IGNORECASE
)
_SHEET = re.compile(r"(<style[^>]*>)(.*?)(</style>)", re.DOTALL)


def _attribute(tag: str, name: str, value: str) -> str | None:
    """What stays of an attribute's value; None removes the attribute."""
    if tag == "img" and name == "src":
        return value if _IMAGE.match(value) else None
    if name == "href":
        return value if value.lower().startswith(("https://", "http://")) else None
    return None if _LOADS.search(value) and (name == "style" or name in _DRAWINGS) else value


_cleaner = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=_WHOLE,
    attributes=_ATTRIBUTES,
    attribute_filter=_attribute,
    generic_attribute_prefixes={"aria-", "data-"},
    url_schemes={"data", "http", "https"},
    link_rel="noopener noreferrer",
)


def sanitise(html: str) -> str:
    """The HTML without anything that could run or load something."""
    return _SHEET.sub(lambda sheet: "" if _LOADS.search(sheet[2]) else sheet[0], _cleaner.clean(html))
