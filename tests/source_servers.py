"""Servers of other products' APIs, built from their public specifications, with a sample roster as their data.

Each listens on 127.0.0.1 alone. A fault makes it misbehave as real ones do: page in a circle, throttle, lie about
counts, change while it is read, send a sign-in page with 200, drip, redirect elsewhere, refuse, break off.
"""

import base64
import csv
import hashlib
import hmac
import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

CLIENT_ID, CLIENT_SECRET, TOKEN = "the-client", "the-secret", "the-token"

FAULTS = {
    "html": "source_no_api",
    "not_json": "source_no_api",
    "no_envelope": "source_no_api",
    "teapot": "source_no_api",
    "empty": "source_empty",
    "short": "source_incomplete",
    "no_id": "source_incomplete",
    "moved": "source_changed",
    "grows": "source_changed",
    "401": "source_refused",
    "403": "source_refused",
    "404": "source_not_found",
    "always_busy": "source_busy",
    "elsewhere": "source_redirects",
    "circle": "source_redirects",
    "drip": "source_too_slow",
    "huge": "source_too_large",
    "breaks_off": "source_unreachable",
}


class School:
    """A school as its own system has it: people with a role and a username, sections, who is in them."""

    def __init__(self, files: dict[str, str]) -> None:
        """The school of the sample in School Data Sync's first format, its terms left out."""

        def records(name: str) -> list[dict[str, str]]:
            return list(csv.DictReader(io.StringIO(files[name])))

        self.schools = {each["SIS ID"]: each["Name"] for each in records("School.csv")}
        self.students = {each["SIS ID"]: each["Username"] for each in records("Student.csv")}
        self.teachers = {each["SIS ID"]: each["Username"] for each in records("Teacher.csv")}
        self.sections = {each["SIS ID"]: each for each in records("Section.csv")}
        self.enrolled = [(each["Section SIS ID"], each["SIS ID"]) for each in records("StudentEnrollment.csv")]
        self.taught = [(each["Section SIS ID"], each["SIS ID"]) for each in records("TeacherRoster.csv")]


class SourceServer:
    """One API of a school, listening at `url`. `fault` may be changed at any time; `asked` counts requests by path."""

    def __init__(self, school: School, api: str, page: int = 50) -> None:
        self.school, self.api, self.page = school, api, page
        self.fault = ""
        self.fault_at = ""  # the collection that misbehaves; any where it is ""
        self.asked: list[str] = []
        self.dies_after: int | None = None
        self.url = ""

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        """The status, the headers and the body of a good answer."""
        name = path.rpartition("/")[2]
        return self._clever(name, query) if self.api == "clever" else self._oneroster(name, query)

    def _clever(self, name: str, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        records = self._clever_records(name, query.get("role", ""))
        after = query.get("starting_after", "")
        left = [each for each in records if each["id"] > after]
        size = min(int(query.get("limit", "100")), self.page)
        page, links = left[:size], [{"rel": "self", "uri": path_of(name, query)}]
        if len(left) > size:
            links.append({"rel": "next", "uri": path_of(name, query | {"starting_after": page[-1]["id"]})})
        return 200, {}, {"data": [{"data": each, "uri": ""} for each in page], "links": links}

    def _clever_records(self, name: str, role: str) -> list[dict[str, Any]]:
        school = self.school
        if name == "schools":
            return [{"id": f"c{id_}", "sis_id": id_, "name": title} for id_, title in sorted(school.schools.items())]
        if name == "users":
            people = school.students if role == "student" else school.teachers
            of_role = [
                {"id": f"u{id_}", "roles": {role: {"sis_id": id_, "credentials": {"district_username": login}}}}
                for id_, login in people.items()
            ]
            return sorted(of_role, key=lambda each: str(each["id"]))
        if name == "sections":
            return sorted(map(self._clever_section, school.sections), key=lambda each: str(each["id"]))
        if name == "events":
            return [{"id": f"e{len(self.asked) if self.fault == 'grows' else 1}"}]
        return []

    def _clever_section(self, id_: str) -> dict[str, Any]:
        about, school = self.school.sections[id_], self.school
        return {
            "id": f"s{id_}",
            "sis_id": id_,
            "name": about["Section Name"],
            "section_number": about["Section Number"],
            "school": f"c{about['School SIS ID']}",
            "students": [f"u{user}" for section, user in school.enrolled if section == id_],
            "teachers": [f"u{user}" for section, user in school.taught if section == id_],
        }

    def _oneroster(self, name: str, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        records = self._oneroster_records(name)
        offset, limit = int(query.get("offset", "0")), min(int(query.get("limit", "100")), self.page)
        total = len(records)
        if self.fault == "grows" and name == (self.fault_at or name):
            total += len(self.asked)
        if self.fault == "short":
            records = records[: len(records) // 2]
        page = records[offset : offset + limit]
        if self.fault == "moved" and offset:
            page = records[offset - 1 : offset + limit - 1]
        headers = {"X-Total-Count": str(total)}
        if offset + limit < total:
            following = f"{self.url}/{name}?{urlencode(query | {'offset': str(offset + limit)})}"
            headers["Link"] = f'<{following}>; rel="next"'
        return 200, headers, {name: page}

    def _oneroster_records(self, name: str) -> list[dict[str, Any]]:
        school, is_new = self.school, self.api.endswith("1.2")
        match name:
            case "orgs":
                return [{"sourcedId": id_, "name": title, "type": "school"} for id_, title in school.schools.items()]
            case "users":
                people = [("student", *each) for each in school.students.items()]
                people += [("teacher", *each) for each in school.teachers.items()]
                return [
                    {"sourcedId": id_, "status": "active", "enabledUser": True, "username": login}
                    | ({"roles": [{"roleType": "primary", "role": role}]} if is_new else {"role": role})
                    for role, id_, login in people
                ]
            case "classes":
                return [
                    {
                        "sourcedId": id_,
                        "status": "active",
                        "title": about["Section Name"],
                        "classCode": about["Section Number"],
                        "school": {"sourcedId": about["School SIS ID"], "type": "org"},
                        "terms": [],
                    }
                    for id_, about in school.sections.items()
                ]
            case "enrollments":
                rows = [("student", *each) for each in school.enrolled] + [("teacher", *each) for each in school.taught]
                return [
                    {
                        "sourcedId": f"{role}-{section}-{user}",
                        "class": {"sourcedId": section},
                        "user": {"sourcedId": user},
                        "role": role,
                    }
                    for role, section, user in rows
                ]
        return []

    def lets_in(self, method: str, url: str, authorization: str) -> bool:
        """Whether a request is signed as the API asks for."""
        if self.api != "oneroster-1.1":
            return authorization == f"Bearer {TOKEN}"
        given = dict(parse_qsl(authorization.removeprefix("OAuth ").replace('"', "").replace(", ", "&")))
        signature = given.pop("oauth_signature", "")
        bare, _, query = url.partition("?")
        pairs = sorted((escape(k), escape(v)) for k, v in [*given.items(), *parse_qsl(query, keep_blank_values=True)])
        base = "&".join(map(escape, (method, bare, "&".join(f"{k}={v}" for k, v in pairs))))
        digest = hmac.new(f"{escape(CLIENT_SECRET)}&".encode(), base.encode(), hashlib.sha256).digest()
        return given.get("oauth_consumer_key") == CLIENT_ID and signature == base64.b64encode(digest).decode()

    def credentials(self) -> dict[str, str]:
        """What a site's secret says of this server."""
        said = {"api": self.api, "url": self.url}
        if self.api == "clever":
            return said | {"token": TOKEN}
        said |= {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        return said | ({"token_url": f"{self.url}/token"} if self.api.endswith("1.2") else {})


def path_of(name: str, query: dict[str, str]) -> str:
    return f"/v3.1/{name}?{urlencode(query)}"


def escape(text: str) -> str:
    return quote(text, safe="~")


def _handler(server: SourceServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits for an acknowledgement of its headers

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            known = (form.get("client_id"), form.get("client_secret")) == ([CLIENT_ID], [CLIENT_SECRET])
            self.reply(200 if known else 401, {"access_token": TOKEN, "token_type": "bearer"} if known else {})

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            server.asked.append(parts.path)
            name = parts.path.rpartition("/")[2]
            if server.dies_after is not None and len(server.asked) > server.dies_after:
                self.close_connection = True
                return
            url = f"{server.url}{self.path}"
            if not server.lets_in("GET", url, self.headers.get("Authorization", "")):
                self.reply(401, {})
                return
            if server.fault and name == (server.fault_at or name) and self.misbehave():
                return
            status, headers, body = server.answer(parts.path, dict(parse_qsl(parts.query)))
            self.reply(status, body, headers)

        def misbehave(self) -> bool:
            """Answer as the server's fault has it; False where that is a matter of the data."""
            match server.fault:
                case "html":
                    self.send(200, b"<!doctype html><title>Sign in</title>", {"Content-Type": "text/html"})
                case "not_json":
                    self.send(200, b'{"users": [', {})
                case "no_envelope":
                    self.reply(200, [1, 2, 3])
                case "empty":
                    self.reply(200, {"data": [], self.path.partition("?")[0].rpartition("/")[2]: []})
                case "no_id":
                    self.reply(200, {"data": [{"data": {}}], self.path.partition("?")[0].rpartition("/")[2]: [{}]})
                case "teapot":
                    self.reply(418, {})
                case "401" | "403" | "404":
                    self.reply(int(server.fault), {})
                case "always_busy":
                    self.reply(429, {}, {"Retry-After": "3600"})
                case "busy_once":
                    server.fault = ""
                    self.reply(429, {}, {"X-RateLimit-Reset": str(int(time.time()) + 1)})
                case "broken_once":
                    server.fault = ""
                    self.reply(503, {})
                case "elsewhere":
                    self.reply(302, {}, {"Location": "http://127.0.0.2/roster"})
                case "circle":
                    self.reply(302, {}, {"Location": self.path})
                case "drip":
                    self.send_response(200)
                    self.send_header("Content-Length", "1000000")
                    self.end_headers()
                    for _ in range(30):
                        self.wfile.write(b" ")
                        self.wfile.flush()
                        time.sleep(0.1)
                    self.close_connection = True
                case "huge":
                    self.send(200, b" " * (40 << 20), {})
                case "breaks_off":
                    self.send_response(200)
                    self.send_header("Content-Length", "100")
                    self.end_headers()
                    self.wfile.write(b"{")
                    self.close_connection = True
                case _:
                    return False
            return True

        def reply(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
            self.send(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})

        def send(self, status: int, data: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(data)
            except OSError:  # who asked has heard enough
                self.close_connection = True

    return Handler


@contextmanager
def serving(server: SourceServer) -> Iterator[SourceServer]:
    """Serve until the block ends."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
