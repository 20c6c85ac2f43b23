"""How pages look: the colours of both themes, and the rules. All of it applies inside `.sis-page` alone.

No backslash, no address: a dashboard that cleans styles leaves these alone. Sizes follow the width of the page itself
(a widget may be narrow in a wide window), so rules for narrow ones are container queries.
"""

from __future__ import annotations

from roster_pages.page_model import Tone

# By theme: each colour's name and value. Texts stand on the colour beside them in TEXT_ON.
PALETTE: dict[str, dict[str, str]] = {
    "light": {
        "back": "#ffffff",
        "card": "#f6f8fa",
        "line": "#d8dee4",
        "edge": "#818b98",
        "text": "#1b2128",
        "soft": "#57606a",
        "link": "#0a58a8",
        "press": "#0a58a8",
        "on-press": "#ffffff",
        "good": "#0f5f38",
        "good-back": "#e2f4e9",
        "warn": "#744600",
        "warn-back": "#fdf0d0",
        "bad": "#9d1414",
        "bad-back": "#fde7e6",
        "busy": "#0a4f96",
        "busy-back": "#e3effb",
        "quiet": "#48515b",
        "quiet-back": "#e9edf1",
    },
    "dark": {
        "back": "#10171e",
        "card": "#18212b",
        "line": "#2c3947",
        "edge": "#6d7c8c",
        "text": "#e7ebf0",
        "soft": "#a5b0bc",
        "link": "#8ac4ff",
        "press": "#8ac4ff",
        "on-press": "#0b1a29",
        "good": "#8fe2ad",
        "good-back": "#12331f",
        "warn": "#ffd37a",
        "warn-back": "#3a2c08",
        "bad": "#ffb3ad",
        "bad-back": "#441918",
        "busy": "#a9d4ff",
        "busy-back": "#102f4e",
        "quiet": "#c4cdd7",
        "quiet-back": "#27323e",
    },
}

TONES: tuple[Tone, ...] = ("good", "warn", "bad", "busy", "quiet")

# Which texts stand on which ground.
TEXT_ON = [
    *((text, ground) for text in ("text", "soft", "link") for ground in ("back", "card")),
    ("on-press", "press"),
    ("bad", "back"),
    *((tone, f"{tone}-back") for tone in TONES),
    *(("text", f"{tone}-back") for tone in TONES),
]

# What has to be told from its ground without being a text: bars, and the borders of what can be pressed or typed in.
SHAPE_ON = [*((tone, "card") for tone in TONES), ("edge", "back"), ("edge", "card"), ("press", "back")]

_RULES = """
.sis-page{background:var(--sis-back);color:var(--sis-text);container-type:inline-size;padding:16px;
font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;text-align:left;
overflow-wrap:break-word}
.sis-page [dir]{overflow-wrap:anywhere}
.sis-page .sis-kept{white-space:nowrap}
.sis-page *{box-sizing:border-box}
.sis-page cwdb-action{display:none}
.sis-page h1,.sis-page h2,.sis-page p,.sis-page dl,.sis-page dd,.sis-page ul,.sis-page ol,.sis-page figure{margin:0;
padding:0}
.sis-page h1{font-size:20px;line-height:1.25;font-weight:650;color:inherit}
.sis-page h2,.sis-page caption{font-size:14px;line-height:1.4;font-weight:650;color:inherit;text-align:left;
caption-side:top;padding:0 0 6px}
.sis-page code,.sis-page .sis-code{font-family:ui-monospace,SFMono-Regular,Consolas,"Liberation Mono",monospace;
font-size:12.5px;color:inherit;background:none;padding:0}
.sis-page time,.sis-page td{font-variant-numeric:tabular-nums}
.sis-page .sis-soft{color:var(--sis-soft)}
.sis-page .sis-head{display:flex;flex-wrap:wrap;align-items:center;gap:8px 12px;margin-bottom:14px}
.sis-page .sis-trail{flex-basis:100%;color:var(--sis-soft)}
.sis-page .sis-press{display:flex;flex-wrap:wrap;gap:8px}
.sis-page .sis-head .sis-press{margin-left:auto}
.sis-page .sis-block{margin:0 0 18px}
.sis-page .sis-pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));gap:12px;
margin-bottom:18px;align-items:start}
.sis-page .sis-pair .sis-block{margin:0}
.sis-page .sis-card{background:var(--sis-card);border:1px solid var(--sis-line);border-radius:8px;padding:12px 14px}
.sis-page dl{display:grid;grid-template-columns:minmax(96px,max-content) minmax(0,1fr);gap:5px 16px}
.sis-page dt{color:var(--sis-soft);font-weight:400;max-width:220px}
.sis-page .sis-figures{display:flex;flex-wrap:wrap;gap:12px 28px}
.sis-page .sis-figures div{display:flex;flex-direction:column-reverse}
.sis-page .sis-figures dd{font-size:20px;font-weight:650;line-height:1.2;font-variant-numeric:tabular-nums}
.sis-page table{border-collapse:collapse;width:100%;margin:0;font-size:inherit;color:inherit;background:none}
.sis-page .sis-small{width:auto;max-width:100%;min-width:min(100%,440px)}
.sis-page .sis-small th,.sis-page .sis-small td{padding-right:28px}
.sis-page th,.sis-page td{padding:6px 16px 6px 0;text-align:left;vertical-align:top;font-weight:400;
border:0 solid var(--sis-line);border-bottom-width:1px;background:none}
.sis-page th:last-child,.sis-page td:last-child{padding-right:0}
.sis-page thead th,.sis-page thead button{white-space:nowrap;overflow-wrap:normal}
.sis-page thead th{color:var(--sis-soft);font-size:12.5px;border-bottom-color:var(--sis-edge)}
.sis-page thead .sis-link{color:inherit;text-decoration-style:dotted}
.sis-page .sis-sorted,.sis-page .sis-sorted .sis-link{color:var(--sis-text);font-weight:650}
.sis-page td:first-child{min-width:120px}
.sis-page .sis-number{text-align:right;white-space:nowrap}
.sis-page tbody tr:hover{background:var(--sis-card)}
.sis-page .sis-age{color:var(--sis-soft);white-space:nowrap}
.sis-page .sis-badge{display:inline-block;border-radius:10px;padding:0 9px;font-size:12.5px;line-height:20px;
font-weight:550;overflow-wrap:normal;white-space:nowrap}
.sis-page .sis-note{border-left:4px solid;border-radius:6px;padding:10px 14px;margin:0 0 14px}
.sis-page .sis-note h2{padding:0}
.sis-page .sis-note p,.sis-page .sis-note li,.sis-page .sis-note .sis-said{color:var(--sis-text);margin-top:3px}
.sis-page .sis-note ul{list-style:disc;padding-left:18px}
.sis-page .sis-note .sis-press{margin-top:10px}
.sis-page .sis-said{margin-top:6px}
.sis-page button{font:inherit;color:inherit;background:none;border:0;margin:0;padding:0;cursor:pointer;text-align:left;
text-transform:none;letter-spacing:normal;min-height:0;height:auto;min-width:0;max-width:100%;white-space:normal;
overflow-wrap:anywhere;box-shadow:none}
.sis-page .sis-link,.sis-page a{color:var(--sis-link);text-decoration:underline;text-decoration-thickness:1px;
text-underline-offset:2px}
.sis-page .sis-link:hover,.sis-page a:hover{text-decoration-thickness:2px}
.sis-page .sis-btn{border:1px solid var(--sis-edge);border-radius:6px;padding:4px 12px;font-weight:550;
color:var(--sis-text);background:var(--sis-back)}
.sis-page td .sis-btn,.sis-page time{white-space:nowrap;overflow-wrap:normal}
.sis-page .sis-btn:hover{border-color:var(--sis-text)}
.sis-page .sis-primary{background:var(--sis-press);border-color:var(--sis-press);color:var(--sis-on-press)}
.sis-page .sis-danger{color:var(--sis-bad);border-color:var(--sis-bad)}
.sis-page td .sis-btn{padding:1px 9px;font-size:12.5px}
.sis-page button:focus-visible,.sis-page a:focus-visible,.sis-page input:focus-visible{
outline:2px solid var(--sis-link);outline-offset:2px}
.sis-page form{display:flex;flex-wrap:wrap;align-items:end;gap:8px;margin:0 0 16px}
.sis-page label{display:block;font-size:12.5px;color:var(--sis-soft);font-weight:400;margin:0 0 3px}
.sis-page .sis-field{flex:0 1 280px;min-width:0}
.sis-page input{font:inherit;color:var(--sis-text);background:var(--sis-back);border:1px solid var(--sis-edge);
border-radius:6px;padding:4px 10px;width:100%;height:auto;margin:0;box-shadow:none}
.sis-page .sis-steps{display:flex;flex-wrap:wrap;gap:8px;list-style:none}
.sis-page .sis-steps li{border-radius:6px;padding:4px 10px;flex:1 1 110px}
.sis-page .sis-steps b{display:block;font-weight:550}
.sis-page .sis-chart{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,240px),1fr));gap:12px 24px}
.sis-page .sis-chart svg{display:block;max-width:100%;height:44px;margin:4px 0;border-bottom:1px solid var(--sis-edge)}
.sis-page .sis-foot{color:var(--sis-soft);font-size:12.5px}
.sis-page .sis-names tbody{display:block;columns:200px auto;column-gap:24px}
.sis-page .sis-names tr,.sis-page .sis-names td{display:block;break-inside:avoid}
.sis-page .sis-names td{border:0;padding:2px 0}
.sis-page .sis-names thead{display:none}
@container (max-width:620px){
.sis-page dl{grid-template-columns:minmax(84px,34%) minmax(0,1fr);gap:5px 10px}
.sis-page .sis-head .sis-press{margin-left:0}
.sis-page .sis-badge{white-space:normal}
}
@container (max-width:360px){
.sis-page dl{grid-template-columns:minmax(0,1fr);gap:0}
.sis-page dd{margin-bottom:7px}
.sis-page .sis-figures dd{margin:0}
}
"""

# Where a table is too wide, each row becomes a small card: its first cell the heading, the others with their labels.
_STACKED = """
@container (max-width:WIDTH){
TABLE{min-width:0;width:100%}
TABLE,TABLE caption,TABLE tbody,TABLE thead,TABLE td{display:block}
TABLE thead tr{display:flex;flex-wrap:wrap;gap:4px 12px}
TABLE thead th{border:0;padding:0 0 4px}
TABLE thead th:not(.sis-sorts){position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
TABLE tbody tr{display:grid;grid-template-columns:repeat(auto-fill,minmax(120px,1fr));gap:2px 12px;padding:8px 0;
border:0 solid var(--sis-line);border-top-width:1px}
TABLE td,TABLE td.sis-number{border:0;padding:0;text-align:left;white-space:normal}
TABLE td{grid-column:1/-1;min-width:0}
TABLE td.sis-number{grid-column:auto}
TABLE td:empty{display:none}
TABLE td[data-label]{display:grid;grid-template-columns:84px minmax(0,1fr);gap:0 8px}
TABLE td.sis-number[data-label]{grid-template-columns:64px minmax(0,1fr)}
TABLE td[data-label]::before{content:attr(data-label);color:var(--sis-soft);font-size:12.5px;font-weight:400}
TABLE td[data-label]:first-child{display:block;font-weight:550}
TABLE td[data-label]:first-child::before{content:none}
}
"""
_STACKED_BELOW = {".sis-page .sis-wide": "940px", ".sis-page .sis-small": "620px"}


def stylesheet() -> str:
    """The rules for all pages, on one line a rule."""
    colours = {theme: ";".join(f"--sis-{name}:{value}" for name, value in PALETTE[theme].items()) for theme in PALETTE}
    tones = "".join(
        f".sis-page .sis-{tone}{{color:var(--sis-{tone});background:var(--sis-{tone}-back)}}"
        f".sis-page .sis-bar-{tone}{{fill:var(--sis-{tone})}}"
        for tone in TONES
    )
    themes = (
        f".sis-page{{color-scheme:light;{colours['light']}}}"
        f".sis-page.sis-dark{{color-scheme:dark;{colours['dark']}}}"
        f"@media (prefers-color-scheme:dark){{.sis-page.sis-auto{{color-scheme:dark;{colours['dark']}}}}}"
    )
    stacked = "".join(_STACKED.replace("TABLE", table).replace("WIDTH", at) for table, at in _STACKED_BELOW.items())
    return themes + (_RULES + stacked).replace("\n", "") + tones
