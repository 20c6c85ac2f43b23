"""What is left of a widget's HTML: everything that shows, nothing that runs or loads."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from local.sanitise import sanitise

ARN = "arn:aws:lambda:eu-west-2:000000000000:function:impero-sis-show-reports"


class _Everything(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(f"{tag} {name}", value or "") for name, value in attrs]


KEPT = f"""
<style>.sis-a > b {{ color: red }} @media (width < 600px) {{ p {{ color: blue }} }}</style><div class="sis-a"></div>
<button type="button" class="btn">Go</button><cwdb-action action="call" display="popup" endpoint="{ARN}" \
event="click" confirmation="Sure?">{{"a": "&lt;b&gt; &amp; ü", "n": [1, null]}}</cwdb-action>
<cwdb-action action="html" display="popup"><h1>Details</h1><p>of it</p></cwdb-action>
<table><caption>c</caption><thead><tr><th scope="col">a</th></tr></thead><tbody><tr><th scope="row">b</th>\
<td colspan="2">c</td></tr></tbody></table>
<svg viewBox="0 0 9 9" role="img" aria-label="chart"><title>t</title><g transform="scale(2)"><rect x="1" y="1" \
width="3" height="3" fill="url(#g)"></rect><path d="M0 0L1 1" stroke="currentColor"></path></g>\
<linearGradient id="g"><stop offset="1" stop-color="red"></stop></linearGradient></svg>
<form><label for="q">Find</label><input id="q" name="search" type="search" value="a&quot;b">\
<select name="s"><option value="1" selected="">one</option></select></form>
<p style="color: var(--ink); width: 3px" title="t" aria-live="polite" data-n="1" tabindex="0">a</p>
<details open=""><summary>s</summary>d</details>
<img src="data:image/png;base64,AAAA" alt="a">
&lt;img src=x onerror=alert(1)&gt; =HYPERLINK("http://x")
"""


@pytest.mark.parametrize("html", KEPT.strip().splitlines())
def test_should_leave_what_a_widget_shows_as_it_is(html: str) -> None:
    assert sanitise(html) == html


def test_should_leave_a_link_that_does_not_tell_where_it_came_from() -> None:
    cleaned = sanitise('<a href="https://bucket.s3.amazonaws.com/a?X=1&amp;Y=2" target="_blank">file</a>')
    assert 'href="https://bucket.s3.amazonaws.com/a?X=1&amp;Y=2"' in cleaned
    assert 'rel="noopener noreferrer"' in cleaned


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("a<script>alert(1)</script>b", "ab"),
        ("a<SCRIPT SRC=//evil></SCRIPT >b", "ab"),
        ("a<scr<script>ipt>alert(1)</scr</script>ipt>b", "aipt&gt;alert(1)ipt&gt;b"),
        ("a<iframe src=//evil srcdoc='<b>'>inner</iframe>b", "ab"),
        ("<svg><use href='#x'></use><use xlink:href='//evil#x'/></svg>", "<svg></svg>"),
        ("<object data=//evil>a</object><embed src=//evil>b", "b"),
        ("<svg><animate attributeName=href values=javascript:alert(1) /><set to=x /></svg>", "<svg></svg>"),
        ("<template><p>a</template><noscript><p>b</noscript>c", "c"),
        ("<base href=//evil><meta http-equiv=refresh content=0;//evil><link rel=stylesheet href=//evil>a", "a"),
        ("<math><mi>a</math>b", "b"),
        ("a<!-- b -->c", "ac"),
    ],
)
def test_should_take_out_what_is_not_on_the_list(html: str, left: str) -> None:
    assert sanitise(html) == left


ATTACKS = [
    "<img src=x onerror=alert(1)>",
    "<img src=//evil/pixel><img src=' data:text/html,x'><img srcset=//evil/2>",
    "<svg onload=alert(1)><circle onclick=alert(1) r=1 /></svg>",
    "<button onclick=alert(1) onfocus=alert(1) autofocus formaction=javascript:alert(1)>a</button>",
    "<form action=//evil method=post id=a><input name=a form=b formaction=//evil></form>",
    "<a href=javascript:alert(1)>a</a><a href=' java&#10;script:alert(1)'>a</a>",
    "<a href='JaVaScRiPt&colon;alert(1)'>a</a><a href=data:text/html,<script>alert(1)</script>>a</a>",
    "<a href=vbscript:a>a</a><a href=//evil>a</a><a ping=//evil>a</a>",
    "<svg><a xlink:href=javascript:alert(1) href=javascript:alert(1)><text>a</text></a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><style><img src=x onerror=alert(1)></style></math>",
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<svg><title><style><!--</style><img title="--><img src=x onerror=alert(1)>"></title></svg>',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<table><td><style>td{}</style><cwdb-action onclick=alert(1)><script>alert(1)</script></cwdb-action>",
    '<cwdb-action action="html"><iframe src=//evil></iframe><p onmouseenter=alert(1)>a</p></cwdb-action>',
    "<p style='background: url(//evil)'>a</p><p style='background: u\\72l(//evil)'>a</p>",
    "<p style='background: image-set(\"//evil\" 1x)'>a</p><p style='width: expression(alert(1))'>a</p>",
    "<style>@import '//evil';</style><style>p { background: URL ( '//evil' ) }</style>",
    "<style>p{background:u\\rl(//evil)}</style>",
    "<svg><rect fill='url(//evil#a)' mask='url( \"//evil\" )' /><style>rect{fill:url(//evil)}</style></svg>",
]  # fmt: skip


@pytest.mark.parametrize("html", ATTACKS)
def test_should_leave_nothing_that_runs_or_loads(html: str) -> None:
    cleaned = sanitise(html)
    found = _Everything(cleaned)
    assert not found.tags & {"script", "iframe", "use", "object", "embed", "math", "foreignobject", "link", "base"}
    names = [name for name, _ in found.attributes if name != "cwdb-action action"]
    assert not [name for name in names if re.search(r" (on.*|action|formaction|form|src|srcset|ping)$", name)]
    assert not [value for name, value in found.attributes if re.search(r"evil|script", value)]
    assert "alert" not in "".join(re.findall(r"<style>(.*?)</style>", cleaned))
    assert "evil" not in cleaned


@pytest.mark.parametrize("html", ATTACKS)
def test_should_change_nothing_when_it_cleans_a_second_time(html: str) -> None:
    once = sanitise(html)
    assert sanitise(once) == once


def test_the_page_itself_should_have_no_script_or_style_of_its_own() -> None:
    """The second wall: index.html has no script or style of its own that the policy would have to make room for."""
    page = (Path(__file__).parents[2] / "local/page/index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script[^>]*>", page) == ['<script type="module" src="/page.js">']
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
