"""The same work with polars: its own CSV reader and expressions, the same rules, the same snapshot byte for byte.

polars does the columns; what it has no expression for (NFC, casefold, JSON) is done once for each distinct value.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from benchmarks import obvious

_SCHEMA = {"username": pl.String, "class": pl.String, "third": pl.String}


def run(folder: Path, out: Path) -> None:
    """Import a pair and write its snapshot."""
    students, teachers = (read(folder / file) for file in ("students.csv", "teachers.csv"))
    usernames = spellings(students["username"], teachers["username"])
    classes = spellings(students["class"], teachers["class"])
    members = students.unique(["user", "group"]).sort("group", "user")
    seen = teachers.unique(["user", "group"]).sort("user", "group")
    with gzip.open(out, "wt", compresslevel=1, encoding="utf-8", newline="\n") as snapshot:
        snapshot.writelines(lines(members, seen, usernames, classes))


def read(file: Path) -> pl.DataFrame:
    """The accepted rows of a file: username and class as kept, and their keys."""
    # A header of three columns, so that what stands in a third is seen; polars asks for as many as the first row has.
    data = b"username,class,third\n" + file.read_bytes().split(b"\n", 2)[2]
    rows = pl.read_csv(data, schema=_SCHEMA).filter(pl.col("third").is_null() & pl.col("class").is_not_null())
    rows = verdicts(rows, "username", "user").pipe(verdicts, "class", "group")
    username, name = pl.col("username"), pl.col("class")
    return rows.filter(
        (username != "")
        & (name != "")
        & ~username.str.contains(r"[\x00-\x1f\x7f-\x9f]")
        & ~name.str.contains(r"[\x00-\x1f\x7f-\x9f]")
        & (username.str.len_chars() <= 254)
        & (name.str.len_chars() <= 200)
        & ~username.str.contains("*", literal=True)
        & ~username.str.starts_with("!")
        & ~pl.col("group").is_in(sorted(obvious.RESERVED))
    )


def verdicts(rows: pl.DataFrame, column: str, key: str) -> pl.DataFrame:
    """The column cleaned, and beside it the folded key, worked out once for each distinct value."""
    raw = rows[column].fill_null("").unique().to_list()
    kept = [obvious.clean(value)[0] for value in raw]
    if column == "username":
        kept = [value.partition("@")[0].strip() for value in kept]
    table = pl.DataFrame({column: raw, "kept": kept, key: [obvious.fold(value) for value in kept]})
    joined = rows.with_columns(pl.col(column).fill_null("")).join(table, on=column, how="left", maintain_order="left")
    return joined.drop(column).rename({"kept": column})


def spellings(first: pl.Series, second: pl.Series) -> dict[str, str]:
    """The first spelling of each key."""
    values = pl.concat([first, second]).unique(maintain_order=True).to_list()
    return {obvious.fold(value): value for value in reversed(values)}


def lines(
    members: pl.DataFrame, seen: pl.DataFrame, usernames: dict[str, str], classes: dict[str, str]
) -> Iterator[str]:
    """The lines of the snapshot."""
    yield obvious.line({"format": 1, "settings": {"restrict_customisation": False}})
    groups = members.group_by("group", maintain_order=True).agg("user")
    for group, users in groups.iter_rows():
        names = [usernames[user] for user in users]
        yield obvious.line({"group": classes[group], "key": group, "members": names})
    there = set(groups["group"])
    for user, of_user in seen.group_by("user", maintain_order=True).agg("group").iter_rows():
        yield obvious.line(
            {
                "right": usernames[user],
                "key": user,
                "groups": [classes[group] for group in of_user if group in there],
                "pending": [classes[group] for group in of_user if group not in there],
                "all_groups": False,
                "basic_console_only": False,
            }
        )
