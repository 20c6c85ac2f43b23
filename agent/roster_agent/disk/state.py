"""The agent's state folder: one enrolment, the keys trusted, what was seen, held, tried and reported; the mirror.

Comes in: a folder. Goes out: typed records. Refused (``StateUnusable``): a folder that holds other things, because
making it private would lock others out of theirs; one that others can write to (``StateNotOurs``, see `private`). The
folder and its files belong to the owner alone (0700, 0600); on Windows, Python gives a folder made with mode 0700 to
its owner, SYSTEM and the administrators only (3.11.10, 3.12.4). The token is in enrolment.json and nowhere else;
agent.toml may hold a proxy's password.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from roster_agent import agent_settings
from roster_agent.agent_settings import Settings
from roster_agent.disk import lock, private, room
from roster_agent.disk.durable import write_private
from roster_agent.disk.records import Attempt, Enrolment
from roster_agent.failures import NotEnrolled, StateUnusable
from roster_agent.net.feed_failures import NotTheFeed
from roster_agent.trust import membership_hashes, trusted_keys
from roster_agent.trust.guard import Hold, Limits, Loss
from roster_agent.trust.membership_hashes import MembershipHashes
from roster_agent.trust.rules import Seen
from roster_agent.trust.trusted_keys import Keyring


class State:
    """The records in one state folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.mirror = self.folder / "mirror.db"
        self.settings_file = self.folder / "agent.toml"
        self.logs = self.folder / "logs"
        self._enrolment = self.folder / "enrolment.json"
        self._keyring = self.folder / "keyring.json"
        self._seen = self.folder / "seen.json"
        self._hashes = self.folder / "members.bin"
        self._hold = self.folder / "hold.json"
        self._attempt = self.folder / "last-attempt.json"
        self._reported = self.folder / "reported.json"
        self._lock = self.folder / "roster-agent.lock"
        self._run_lock = self.folder / "roster-agent-run.lock"

    def prepare(self) -> None:
        """Make the folder, private to its owner. A folder with other things in it is left alone: StateUnusable."""
        with _usable(self.folder):
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                self.folder.mkdir(mode=0o700)
                return
            # Settings may be there first: a school may need its proxy to enrol.
            others = {path.name for path in self.folder.iterdir()} - {self.settings_file.name}
            if others and not self._lock.exists():
                raise StateUnusable(f"{self.folder} contains other things; the agent needs a folder of its own")
            private.make_private(self.folder)

    def demand_ours(self) -> None:
        """Raise where others can write what is read here."""
        with _usable(self.folder):
            private.demand_ours(self.folder)

    def prepare_logs(self) -> None:
        """Make the folder for the log."""
        with _usable(self.logs):
            self.logs.mkdir(mode=0o700, exist_ok=True)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock; the system frees it when the process ends, however it ends."""
        self.demand_ours()
        with _usable(self.folder):
            handle = lock.take(self._lock)
        try:
            yield
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Hold the lock of the one agent that runs by itself; a pull by hand may come between its pulls."""
        self.demand_ours()
        with _usable(self.folder):
            # `is_running` may just be looking.
            handle = lock.take(self._run_lock, patience=1)
        try:
            yield
        finally:
            os.close(handle)

    def is_running(self) -> bool:
        """Whether some process holds the lock of `running`."""
        with _usable(self.folder):
            return self._run_lock.exists() and lock.is_taken(self._run_lock)

    def settings(self) -> Settings:
        """What agent.toml says; BadSettings when it cannot be used."""
        return agent_settings.parse(self._read(self.settings_file) or b"")

    def offer_settings(self) -> None:
        """Write a settings file that shows every setting, where there is no settings file."""
        if self._read(self.settings_file) is None:
            with _usable(self.folder):
                write_private(self.settings_file, agent_settings.TEMPLATE.encode())

    def enrolment(self) -> Enrolment:
        """Which server this is; NotEnrolled, or StateUnusable where the record is damaged."""
        data = self._read(self._enrolment)
        if data is None:
            raise NotEnrolled(str(self.folder))
        try:
            return Enrolment(**json.loads(data))
        except (ValueError, TypeError) as problem:
            raise StateUnusable("its enrolment is damaged, so ask for a new code and enrol with --force") from problem

    def is_enrolled(self) -> bool:
        """Whether there is an enrolment; it is not read."""
        with _usable(self.folder):
            return self._enrolment.exists()

    def save_enrolment(self, enrolment: Enrolment) -> None:
        """Keep this enrolment, with its token, in the place of any other."""
        self._write(self._enrolment, asdict(enrolment))

    def keyring(self) -> Keyring:
        """The keys that this server trusts."""
        try:
            return trusted_keys.read_stored(self._read(self._keyring) or b"")
        except NotTheFeed as problem:
            advice = "ask for a new code and enrol with --force"
            raise StateUnusable(f"its keyring is missing or damaged, so {advice}") from problem

    def save_keyring(self, trusted: Keyring) -> None:
        """Trust these keys from now on."""
        self._write(self._keyring, trusted.to_json())

    def has_mirror(self) -> bool:
        """Whether there is a mirror, in whatever state."""
        self.demand_ours()
        with _usable(self.folder):
            return self.mirror.exists()

    def seen(self) -> Seen | None:
        """The newest version seen, kept outside the mirror so that a lost mirror does not open the way back."""
        try:
            return Seen(**json.loads(self._read(self._seen) or b""), hashes=self.membership_hashes)
        except (ValueError, TypeError):
            return None

    def save_seen(self, seen: Seen) -> None:
        """Note the newest version seen."""
        said = (seen.epoch, seen.version, seen.manifest_sha256, seen.memberships)
        self._write(self._seen, dict(zip(("epoch", "version", "manifest_sha256", "memberships"), said, strict=True)))

    def membership_hashes(self) -> MembershipHashes | None:
        """Who was a member of what in the newest version seen; None where that is not known."""
        return membership_hashes.read(self._read(self._hashes) or b"")

    def has_membership_hashes_of(self, manifest_sha256: str) -> bool:
        """Whether the membership hashes are those of this version."""
        with _usable(self.folder):
            try:
                with self._hashes.open("rb") as file:
                    first = file.readline(membership_hashes.LONGEST_FIRST_LINE)
                    return membership_hashes.read_manifest_sha256(first) == manifest_sha256
            except FileNotFoundError:
                return False

    def save_membership_hashes(self, known: MembershipHashes) -> None:
        """Keep who is a member of what in the newest version seen."""
        with _usable(self.folder):
            write_private(self._hashes, known.to_bytes())

    def hold(self) -> Hold | None:
        """The version that is held; None when none is."""
        try:
            said = json.loads(self._read(self._hold) or b"")
            return Hold(**said | {"loss": Loss(**said["loss"]), "limits": Limits(**said["limits"])})
        except (ValueError, TypeError, KeyError):
            return None

    def save_hold(self, hold: Hold) -> None:
        """Keep the version that is held, in the place of any other."""
        self._write(self._hold, asdict(hold))

    def end_hold(self) -> None:
        """Forget the version that is held, if there is one."""
        with _usable(self.folder):
            self._hold.unlink(missing_ok=True)

    def last_attempt(self) -> Attempt | None:
        """How the last pull ended; None before the first."""
        try:
            return Attempt(**json.loads(self._read(self._attempt) or b""))
        except (ValueError, TypeError):
            return None

    def save_attempt(self, attempt: Attempt) -> None:
        """Note how a pull ended."""
        self._write(self._attempt, asdict(attempt))

    def reported(self) -> dict[str, object]:
        """What the cloud was told last; nothing when that is not known."""
        try:
            said = json.loads(self._read(self._reported) or b"")
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    def save_reported(self, said: dict[str, object]) -> None:
        """Note what the cloud was told."""
        self._write(self._reported, said)

    def forget_versions(self) -> None:
        """Drop the mirror and the newest version seen: they belong to another feed or site."""
        with _usable(self.folder):
            for record in (self._seen, self._hashes, self._hold, self._attempt, self._reported):
                record.unlink(missing_ok=True)
            self.forget_mirror()

    def forget_mirror(self) -> None:
        """Drop the mirror. The database goes first: without it, SQLite ignores the files it left beside."""
        with _usable(self.folder):
            for suffix in ("", "-wal", "-shm"):
                self.mirror.with_name(self.mirror.name + suffix).unlink(missing_ok=True)

    def _read(self, path: Path) -> bytes | None:
        self.demand_ours()
        with _usable(self.folder):
            try:
                return path.read_bytes()
            except FileNotFoundError:
                return None

    def _write(self, path: Path, record: dict[str, object]) -> None:
        with _usable(self.folder):
            write_private(path, json.dumps(record, indent=1).encode() + b"\n")


@contextlib.contextmanager
def _usable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise room.failure(problem, folder, StateUnusable) from problem
