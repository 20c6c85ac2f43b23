"""Writes roster/confusables.py, what UTS 39 says of characters that look alike, from `confusable_homoglyphs`.

`python docs/confusables.py` writes the module; with --check nothing is written, and the exit status is 1 when it is
stale. The core takes no library, so that its data stands there in full: docs/decisions/2026-11-25-look-alikes.md.
"""

from __future__ import annotations

import argparse
import base64
import importlib.util
import json
import sys
import unicodedata
import zlib
from collections import defaultdict
from pathlib import Path
from typing import Any

import confusable_homoglyphs

MODULE = Path(__file__).parent.parent / "layers/core/roster/confusables.py"
_LIBRARY = Path(confusable_homoglyphs.__file__).parent

_WIDTH = 118

_HEAD = '''\
"""Which characters look alike (UTS 39), and the script of each letter; made by `python docs/confusables.py`."""

from __future__ import annotations

import base64
import json
import zlib
from functools import cache
from typing import NamedTuple

# Latin letters, in lower case, that look like no other of these and like nothing of ASCII.
ORDINARY = (
{ordinary}
)

_PACKED = """
{packed}
"""


class Confusables(NamedTuple):
    """By character: what stands for all that look like it; and ranges of letters, each with its script."""

    prototypes: dict[int, str]
    scripts: list[tuple[int, int, str]]


@cache
def confusables() -> Confusables:
    """The data, unpacked when it is first asked for."""
    data = json.loads(zlib.decompress(base64.b85decode(_PACKED.replace("\\n", ""))))
    prototypes = {{ord(look): prototype for prototype, looks in data["prototypes"].items() for look in looks}}
    return Confusables(prototypes, [(first, last, script) for first, last, script in data["scripts"]])
'''


def prototypes() -> dict[str, str]:
    """For each prototype the characters that look like it.

    The library has every pair both ways: a prototype is what several characters, or a single one, point to.
    """
    read = json.loads((_LIBRARY / "confusables.json").read_text(encoding="utf-8"))
    # Of characters that run from right to left it has a mark on both sides.
    near = {
        look.strip("\u200e"): {each["c"].strip("\u200e") for each in others} for look, others in sorted(read.items())
    }
    found: defaultdict[str, set[str]] = defaultdict(set)
    for look, others in near.items():
        if len(look) != 1 or len(others) != 1:
            continue  # several characters are never a look, and what points to several is a prototype
        (other,) = others
        if len(near[other]) > 1 or len(other) > 1 or _rank(other) < _rank(look):
            found[other].add(look)
    return {prototype: "".join(sorted(looks)) for prototype, looks in sorted(found.items())}


def _rank(character: str) -> tuple[bool, bool, str]:
    """Of two characters that only look like each other, the lower one is the prototype."""
    return not character.isascii(), not character.isalpha(), character


def scripts() -> list[tuple[int, int, str]]:
    """Ranges of letters, each with its script; those of no script or of many are left out."""
    read = json.loads((_LIBRARY / "categories.json").read_text(encoding="utf-8"))
    merged: list[tuple[int, int, str]] = []
    for first, last, script, category in sorted(read["code_points_ranges"]):
        name = read["iso_15924_aliases"][script]
        if name in ("COMMON", "INHERITED", "ZYYY", "ZINH") or not read["categories"][category].startswith("L"):
            continue
        if merged and merged[-1][1] + 1 == first and merged[-1][2] == name:
            merged[-1] = merged[-1][0], last, name
        else:
            merged.append((first, last, name))
    return merged


def ordinary(looks: dict[str, str]) -> str:
    """Lower-case Latin letters with no other of them, and nothing of ASCII, that looks alike."""
    table = {ord(look): prototype for prototype, several in looks.items() for look in several}
    seen: set[str] = set()
    letters = ""
    for letter in map(chr, (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))):
        skeleton = unicodedata.normalize("NFD", letter.casefold()).translate(table).casefold()
        is_letter = letter.isalpha() and letter.lower() == letter and unicodedata.is_normalized("NFC", letter)
        if is_letter and not skeleton.isascii() and skeleton not in seen:
            seen.add(skeleton)
            letters += letter
    return letters


def data() -> dict[str, Any]:
    """All that the module unpacks."""
    return {"prototypes": prototypes(), "scripts": [list(each) for each in scripts()]}


def module() -> str:
    """The whole module."""
    text = json.dumps(data(), separators=(",", ":"), ensure_ascii=False)
    packed = base64.b85encode(zlib.compress(text.encode(), 9)).decode()
    letters = ordinary(data()["prototypes"])
    lines = "\n".join(f'    "{letters[place : place + 110]}"' for place in range(0, len(letters), 110))
    return _HEAD.format(packed="\n".join(_cut(packed)), ordinary=lines)


def _cut(text: str) -> list[str]:
    return [text[place : place + _WIDTH] for place in range(0, len(text), _WIDTH)]


def _is_stale(target: Path) -> bool:
    """Whether the module says anything else; the packed text itself may differ with the version of zlib."""
    if not target.exists():
        return True
    spec = importlib.util.spec_from_file_location("stored_confusables", target)
    if spec is None or spec.loader is None:
        return True
    stored = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stored)
    unpacked = json.loads(zlib.decompress(base64.b85decode(stored._PACKED.replace("\n", ""))))
    around = target.read_text(encoding="utf-8").replace(stored._PACKED, "")
    packed = module().split('"""')[3]
    return bool(unpacked != data() or around != module().replace(packed, ""))


def main(arguments: list[str] | None = None, target: Path = MODULE) -> int:
    """Write the module to `target`, or check that it is there as it would be written; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 when the module is stale")
    if not parser.parse_args(arguments).check:
        target.write_text(module(), encoding="utf-8", newline="\n")
        return 0
    if not _is_stale(target):
        return 0
    print(f"{target} is stale. Run python docs/confusables.py and commit it.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
