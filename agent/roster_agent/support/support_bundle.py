"""Everything that helps to find a fault, in one zip file, and nothing that must not leave the school.

Comes in: a state folder. Goes out: status, history, the doctor's findings, the settings, the logs, the versions of
everything. Never in it: usernames, classes, tokens, passwords, the mirror, the CSV files. Every text is searched once
more for the token, and for what stands before the @ of an address.
"""

import io
import json
import platform
import re
import sqlite3
import ssl
import zipfile
from dataclasses import asdict, replace
from importlib.metadata import distributions
from pathlib import Path

from roster_agent.disk import durable, room
from roster_agent.disk.state import State
from roster_agent.failures import AgentError, FileUnwritable
from roster_agent.support import doctor, local_answers
from roster_agent.update.reporting import agent_version

_CREDENTIALS = re.compile(r"(://)[^/@\s\"']+@")
_LIBRARIES = ("cryptography", "httpx2", "httpcore2", "truststore", "rich", "certifi")


def write(state: State, file: Path) -> list[str]:
    """Write the zip file; the names of what is in it. Raises FileUnwritable, DiskFull."""
    parts = dict(_parts(state))
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in parts.items():
            bundle.writestr(name, _redacted(text, state))
    try:
        durable.write_private(file.absolute(), data.getvalue())
    except OSError as problem:
        raise room.failure(problem, file, FileUnwritable) from problem
    return list(parts)


def _parts(state: State) -> "list[tuple[str, str]]":
    parts = [("versions.json", _json(_versions()))]
    for name, ask in (("status.json", local_answers.status), ("history.json", local_answers.history)):
        try:
            parts.append((name, _json(ask(state))))
        except AgentError as failure:
            parts.append((name, _json({"failed": failure.code})))
    parts.append(("settings.json", _settings(state)))
    parts.append(("doctor.json", _json([result._asdict() for result in doctor.examine(state)])))
    for path in sorted(state.logs.glob("*")):
        try:
            parts.append((path.name, path.read_text(encoding="utf-8", errors="replace")))
        except OSError as problem:
            parts.append((path.name, f"cannot be read: {problem.strerror}\n"))
    return parts


def _versions() -> dict[str, str]:
    found = {about.name: about.version for about in distributions() if about.name in _LIBRARIES}
    system = {"agent": agent_version(), "python": platform.python_version(), "system": platform.platform()}
    return system | {"sqlite": sqlite3.sqlite_version, "openssl": ssl.OPENSSL_VERSION} | found


def _settings(state: State) -> str:
    """The settings that agent.toml makes. Not its text: a password may be anywhere in it, even outside of a setting."""
    try:
        settings = state.settings()
    except AgentError as failure:
        return _json({"failed": failure.code})
    _, at, place = settings.proxy.rpartition("@")
    return _json(asdict(replace(settings, proxy=f"***@{place}" if at else place)))


def _redacted(text: str, state: State) -> str:
    text = _CREDENTIALS.sub(r"\1***@", text)
    try:
        token = state.enrolment().token
    except AgentError:
        return text
    return text.replace(token, "***")


def _json(said: object) -> str:
    return json.dumps(said, indent=2, default=str)
