"""The choices of a site's SIS Integration page that the reading and reconciling of a pair depend on.

A `Settings` object is always valid: whoever reads settings.json refuses a bad value before it gets here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# Groups that Impero Server keeps for itself; a class of that name would write into them.
RESERVED_CLASSES = (
    "Entire Network",
    "Internet Banned",
    "Screens Locked",
    "Printing Disabled",
    "Removable Media Disabled",
    "Sound Muted",
)


@dataclass(frozen=True)
class Settings:
    """One site's settings; the defaults are those of a site that has uploaded none."""

    username: Literal["district", "email"] = "district"
    email_domain: str | None = None
    all_groups_users: tuple[str, ...] = ()
    restrict_customisation: bool = False
    basic_console_only: bool = False
    pair_window_minutes: int = 5
    reserved_classes: tuple[str, ...] = RESERVED_CLASSES
