"""A feed on this machine: the real interface over real HTTP, without a cloud behind it.

It enrols servers with single-use codes, knows tokens, publishes versions as the real publisher encodes them, and signs
heads with keys of its own. Every request is kept in `requests`, every report in `reports`. `spoil` lets a test change
an answer of one route just before it is sent, which is how proxies, broken disks and attackers are played.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from roster.approval import of_a_person
from roster.encode import Blob, Corrupt, Manifest, Packer, entries, line, settings_line
from roster.model import Group, Right, Roster
from roster.names import fold
from roster.statement import head_bytes, keyring_bytes
from roster_agent.version import Version
from tests.answering import Answering, Asked
from tests.feed_faults import JSON as _JSON
from tests.feed_faults import Answer

# As the local cloud has it; an address's path must survive.
BASE = "/_aws/execute-api/a1b2c3/$default"


@dataclass
class Published:
    """A version as it is stored; a test may replace any part of it."""

    manifest: bytes
    objects: dict[str, bytes]
    epoch: int
    version: int
    content: bytes = b""


class Keys:
    """Signing keys by their ids; `trusted` are those of the keyring, the first of them is in use."""

    def __init__(self, *ids: str) -> None:
        self.serial = 1
        self.trusted = list(ids)
        self.private = {key_id: ec.generate_private_key(ec.SECP256R1()) for key_id in ids}
        self.vouching: list[str] = []

    def change(self, *ids: str) -> None:
        """Another keyring, vouched for by the keys of the one before."""
        self.vouching, self.trusted, self.serial = self.trusted, list(ids), self.serial + 1
        for key_id in ids:
            self.private.setdefault(key_id, ec.generate_private_key(ec.SECP256R1()))

    def sign(self, key_id: str, statement: bytes) -> str:
        return base64.b64encode(self.private[key_id].sign(statement, ec.ECDSA(hashes.SHA256()))).decode()

    def keyring(self) -> dict[str, object]:
        keys = {key_id: self._public(key_id) for key_id in self.trusted}
        statement = keyring_bytes(self.serial, keys)
        signers = {*self.trusted, *self.vouching}
        signatures = {key_id: self.sign(key_id, statement) for key_id in signers}
        return {"serial": self.serial, "keys": keys, "signatures": signatures}

    def signature(self, site: str, epoch: int, version: int, manifest_sha256: str) -> dict[str, str]:
        key_id = self.trusted[0]
        return {"key_id": key_id, "signature": self.sign(key_id, head_bytes(site, epoch, version, manifest_sha256))}

    def _public(self, key_id: str) -> str:
        key = self.private[key_id].public_key()
        return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


class FeedSimulator:
    """Serve it with `serving()`; `url` is what an agent is given."""

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self.codes: dict[str, tuple[str, str]] = {}
        self.tokens: dict[str, str] = {}
        self.servers: dict[str, str] = {}
        self.reports: list[dict[str, object]] = []
        self.keys = Keys("first", "second")
        self.poll_after = 300
        self.published: dict[str, list[Published]] = {}
        self.redirects = False
        self._spoil: dict[str, Callable[[Answer], Answer]] = {}
        self._server = Answering(self.answer)
        self.origin = self._server.origin
        self.url = self.origin + BASE

    @contextmanager
    def serving(self) -> Iterator["FeedSimulator"]:
        with self._server.serving():
            yield self

    def spoil(self, route: str, change: Callable[[Answer], Answer]) -> None:
        """Change every answer of enrol, head, manifest, object, download, report or token from now on."""
        self._spoil[route] = change

    def heal(self) -> None:
        self._spoil.clear()

    def code(self, site: str, server: str) -> str:
        code = secrets.token_hex(8)
        self.codes[code] = (site, server)
        return code

    def publish(
        self,
        site: str,
        roster: Roster,
        *,
        version: int | None = None,
        epoch: int = 1,
        content: bytes | None = None,
        approved: bool = False,
    ) -> Published:
        """Publish a roster as a site's next version, or as the one named; `content` instead of the snapshot's own.

        `approved`: a person has approved it.
        """
        versions = self.published.setdefault(site, [])
        number = version or len(versions) + 1
        said = snapshot(roster) if content is None else content
        packed, blob = _packed(said)
        manifest = Manifest(site, epoch, number, f"import-{number}", _counts(roster), blob)
        published = Published(manifest.to_bytes(), {blob.sha256: packed}, epoch, number, said)
        if versions and versions[-1].epoch == epoch and content is None:
            self._add_delta(manifest, versions[-1], published, approved=approved)
        versions.append(published)
        return published

    def _add_delta(self, manifest: Manifest, before: Published, published: Published, *, approved: bool) -> None:
        """Publish what changed from the version before, too."""
        changes = Version(before.manifest, before.content).delta_to(Version(published.manifest, published.content))
        packed, blob = _packed(changes)
        earlier = Manifest.from_bytes(before.manifest).approved
        manifest = manifest._replace(delta=blob, delta_from=before.version, approved=earlier)
        if approved:
            manifest = of_a_person(manifest, "arn:somebody", datetime(2026, 9, 1, tzinfo=UTC))
        published.manifest = manifest.to_bytes()
        published.objects[blob.sha256] = packed

    def paths(self) -> list[str]:
        """What was asked since the last call, without the base."""
        asked = [f"{request.path.removeprefix(BASE)}{request.query}" for request in self.requests]
        self.requests.clear()
        return asked

    def answer(self, asked: Asked) -> Answer:
        self.requests.append(asked)
        route, reply = self._route(asked, asked.body)
        return self._spoil[route](reply) if route in self._spoil else reply

    def _route(self, asked: Asked, body: bytes) -> tuple[str, Answer]:
        parts = asked.path.removeprefix(BASE).strip("/").split("/")
        if asked.path.startswith("/bucket/"):
            # S3 refuses a presigned address that comes with another authorization.
            found = self._object(parts[-1]) if asked.authorization is None else None
            return "download", Answer(200, found) if found is not None else Answer(400, b"<Error/>")
        if not asked.path.startswith(BASE):
            return "nowhere", _error(404, "not_found")
        match parts:
            case ["v1", "enrol"] if asked.method == "POST":
                return "enrol", self._enrol(body)
            case ["v1", "sites", site, *rest] if rest and asked.method in ("GET", "POST"):
                token = (asked.authorization or "").removeprefix("Bearer ")
                if token not in self.tokens:
                    return rest[0], Answer(401, b'{"message":"Unauthorized"}', _JSON)
                if self.tokens[token] != site:
                    return rest[0], Answer(403, b'{"message":"Forbidden"}', _JSON)
                self._end_older(token)
                if asked.method == "POST":
                    return self._write(rest, token, body)
                return self._read(site, rest, asked)
        return "nowhere", _error(404, "not_found")

    def _enrol(self, body: bytes) -> Answer:
        asked = json.loads(body)
        if asked["code"] not in self.codes:
            return _error(403, "code_invalid")
        site, server = self.codes[asked["code"]]
        if asked.get("site", site) != site:
            return _error(409, "site_differs")
        del self.codes[asked["code"]]
        token = secrets.token_urlsafe(32)
        self.tokens[token] = site
        self.servers[token] = server
        return _json({"site": site, "server": server, "token": token, "keyring": self.keys.keyring()})

    def _end_older(self, token: str) -> None:
        """The first use of a server's newest token ends those before it."""
        mine = [known for known, server in self.servers.items() if server == self.servers.get(token)]
        if token in mine and token == mine[-1]:
            for older in mine[:-1]:
                del self.tokens[older], self.servers[older]

    def _write(self, rest: list[str], token: str, body: bytes) -> tuple[str, Answer]:
        match rest:
            case ["servers", server, "report" | "token"] if server != self.servers[token]:
                return rest[-1], _error(403, "server_forbidden")
            case ["servers", _, "report"]:
                self.reports.append(json.loads(body))
                return "report", Answer(204)
            case ["servers", server, "token"]:
                second = secrets.token_urlsafe(32)
                self.tokens[second], self.servers[second] = self.tokens[token], server
                return "token", _json({"token": second})
        return "nowhere", _error(404, "not_found")

    def _read(self, site: str, rest: list[str], asked: Asked) -> tuple[str, Answer]:
        versions = self.published.get(site, [])
        match rest:
            case ["head"]:
                return "head", self._head(site, versions, parse_qs(asked.query.removeprefix("?")))
            case ["versions", number, "manifest"]:
                manifests = [published.manifest for published in versions if str(published.version) == number]
                found = Answer(200, manifests[-1], _JSON) if manifests else _error(404, "version_unknown")
                return "manifest", found
            case ["objects", sha256]:
                packed = self._object(sha256)
                if packed is None:
                    return "object", _error(404, "object_unknown")
                if self.redirects:
                    return "object", Answer(
                        302, headers={"Location": f"{self.origin}/bucket/{sha256}?X-Amz-Signature=x"}
                    )
                return "object", Answer(200, packed, {"Content-Type": "application/gzip"})
        return "nowhere", _error(404, "not_found")

    def head(self, site: str, published: Published) -> dict[str, object]:
        """A head as it is answered, signed; without a cursor."""
        digest = hashlib.sha256(published.manifest).hexdigest()
        head = {"site": site, "epoch": published.epoch, "version": published.version, "manifest_sha256": digest}
        more = {"published_at": "2026-11-23T12:00:00+00:00", "poll_after_seconds": self.poll_after, "deltas": []}
        signature = self.keys.signature(site, published.epoch, published.version, digest)
        return head | more | {"signature": signature, "keyring": self.keys.keyring()}

    def _head(self, site: str, versions: list[Published], asked: dict[str, list[str]]) -> Answer:
        if not versions:
            return _error(404, "nothing_published")
        newest = versions[-1]
        have, epoch, digest = (asked.get(name, [""])[0] for name in ("have", "epoch", "manifest"))
        polled = {"poll-after-seconds": str(self.poll_after)}
        if not have:
            return _json(self.head(site, newest), polled)
        base = next((known for known in versions if str(known.version) == have), None)
        is_known = base and (str(base.epoch), hashlib.sha256(base.manifest).hexdigest()) == (epoch, digest)
        if base is None or not is_known or base.epoch != newest.epoch:
            return _error(410, "cursor_unknown")
        if base is newest and int(asked.get("keyring", [str(self.keys.serial)])[0]) >= self.keys.serial:
            return Answer(304, headers=polled)
        return _json(self.head(site, newest) | {"deltas": _chain(versions, base)}, polled)

    def _object(self, sha256: str) -> bytes | None:
        stored = (published.objects for versions in self.published.values() for published in versions)
        return next((objects[sha256] for objects in stored if sha256 in objects), None)


def snapshot(roster: Roster) -> bytes:
    """A roster's snapshot content."""
    return settings_line(roster) + b"".join(map(line, entries(roster)))


def make_roster(groups: dict[str, list[str]], rights: dict[str, list[str]] | None = None, **extra: Right) -> Roster:
    """A roster from groups and their members, and from teachers and what they see. `extra` are rights as they are."""
    made = [Group(fold(name), name, tuple(sorted(members, key=fold))) for name, members in groups.items()]
    given = [_right(username, classes, groups) for username, classes in (rights or {}).items()]
    return Roster(tuple(sorted(made, key=_key)), tuple(sorted([*given, *extra.values()], key=_key)))


def _right(username: str, classes: list[str], groups: dict[str, list[str]]) -> Right:
    sees = tuple(sorted((name for name in classes if name in groups), key=fold))
    pending = tuple(sorted((name for name in classes if name not in groups), key=fold))
    return Right(fold(username), username, sees, pending, all_groups=False, basic_console_only=False)


def _counts(roster: Roster) -> dict[str, int]:
    members = [member for group in roster.groups for member in group.members]
    return {
        "groups": len(roster.groups),
        "members": len(set(members)),
        "memberships": len(members),
        "teachers": len(roster.rights),
    }


def _key(entry: Group | Right) -> str:
    return entry.key


def _packed(content: bytes) -> tuple[bytes, Blob]:
    packer = Packer()
    packer.write(content)
    return packer.finish()


def _chain(versions: list[Published], base: Published) -> list[dict[str, object]]:
    """The deltas that lead to the newest version; none where they are no smaller than the snapshot, or too many."""
    wanted = versions[versions.index(base) + 1 :]
    try:
        manifests = [Manifest.from_bytes(published.manifest) for published in wanted]
    except Corrupt:
        return []
    chain = [
        {"from": manifest.delta_from, "version": manifest.version, **manifest.delta._asdict()}
        for manifest in manifests
        if manifest.delta
    ]
    size = sum(manifest.delta.bytes for manifest in manifests if manifest.delta)
    if not wanted or len(chain) < len(manifests) or len(chain) > 50 or size >= manifests[-1].snapshot.bytes:
        return []
    return chain


def _json(answer: dict[str, object], headers: dict[str, str] | None = None) -> Answer:
    return Answer(200, json.dumps(answer).encode(), _JSON | (headers or {}))


def _error(status: int, code: str) -> Answer:
    return Answer(status, json.dumps({"error": code, "message": "a sentence"}).encode(), _JSON)


SEED = make_roster(
    {
        "Potions": ["Harry_Potter", "Ron_Weasley"],
        "Dark Arts": ["Harry_Potter"],
        "Flying": ["Harry_Potter"],
        "Muggle Studies": ["Ron_Weasley"],
    },
    {
        "Charity_Burbage": ["Muggle Studies"],
        "Amycus_Carrow": ["Dark Arts"],
        "Rolanda_Hooch": ["Flying"],
        "Severus_Snape": ["Potions", "Dark Arts"],
    },
)
"""The roster of the seed's pair."""

# A year later: another group, a class without students yet, a teacher who sees everything, one who left.
NEXT = make_roster(
    {"Potions": ["Hermione_Granger", "Ron_Weasley"], 'Charms, "advanced"': ["Hermione_Granger", "Zoë_Müller"]},
    {"Severus_Snape": ["Potions", "Occlumency"]},
    headmaster=Right("minerva_mcgonagall", "Minerva_McGonagall", (), (), all_groups=True, basic_console_only=True),
)
"""A roster to change to."""
