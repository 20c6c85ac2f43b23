"""A feed by HTTPS: whose certificates are believed, and which proxy the way goes through."""

import base64
import ipaddress
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.feed_simulator import BASE, SEED, FeedSimulator
from tests.unit.agent.server import SEED_FILES, SITE, Server


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority that no system knows (ca.pem), and this machine's certificate by it."""
    folder = tmp_path_factory.mktemp("certificates")
    authority, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    (folder / "ca.pem").write_bytes(_certificate("School proxy", authority, authority, authority=True))
    (folder / "server.pem").write_bytes(
        own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + _certificate("localhost", own, authority, authority=False)
    )
    return folder


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey, *, authority: bool
) -> bytes:
    now = datetime.now(UTC)
    issuer = "School proxy"
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    usage = {"digital_signature": not authority, "key_cert_sign": authority, "crl_sign": authority}
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    none = dict.fromkeys((*others, "encipher_only", "decipher_only"), False)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage, **none), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .add_extension(names, critical=False)
    )
    return made.sign(by, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture
def feed(certificates: Path) -> Iterator[FeedSimulator]:
    """A feed that speaks HTTPS alone, as the deployed one does."""
    feed = FeedSimulator()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem")
    feed._server.socket = context.wrap_socket(feed._server.socket, server_side=True)
    feed.origin = f"https://localhost:{feed._server.server_address[1]}"
    feed.url = feed.origin + BASE
    feed.publish(SITE, SEED)
    with feed.serving():
        yield feed


class Proxy(ThreadingTCPServer):
    """Carries what it is asked to CONNECT, and keeps who asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Carrier)
        self.asked: list[tuple[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    @contextmanager
    def serving(self) -> Iterator["Proxy"]:
        with self:
            thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            yield self
            self.shutdown()
            thread.join()


class _Carrier(StreamRequestHandler):
    def handle(self) -> None:
        _, where, _ = self.rfile.readline().decode().split()
        who = ""
        while (line := self.rfile.readline().strip()) != b"":
            if line.lower().startswith(b"proxy-authorization: basic "):
                who = base64.b64decode(line.split()[-1]).decode()
        assert isinstance(self.server, Proxy)
        self.server.asked.append((where, who))
        host, _, port = where.rpartition(":")
        with socket.create_connection((host, int(port))) as there, suppress(ConnectionError):
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            ends = {self.connection: there, there: self.connection}
            while True:
                for end in select.select([*ends], [], [])[0]:
                    data = end.recv(1 << 16)
                    if not data:
                        return
                    ends[end].sendall(data)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy().serving() as proxy:
        yield proxy


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def _set(server: Server, *lines: str) -> None:
    server.state.folder.mkdir(mode=0o700, exist_ok=True)
    server.state.settings_file.write_text("\n".join(lines))


@pytest.fixture
def trusting(new_server: Server, certificates: Path) -> str:
    """The setting with which a server trusts the feed's certificate."""
    return f"ca_file = '{certificates / 'ca.pem'}'"


def test_should_refuse_a_certificate_of_a_stranger_and_keep_the_code(new_server: Server) -> None:
    assert new_server.enrol() == 1
    assert "certificate verify failed" in new_server.err
    assert len(new_server.feed.codes) == 1
    assert new_server.feed.requests == []


def test_should_trust_the_certificates_of_its_settings_too(new_server: Server, trusting: str) -> None:
    _set(new_server, trusting)
    assert new_server.enrol() == 0, new_server.err
    assert new_server.pull() == 0, new_server.err
    assert new_server.files() == SEED_FILES
    _set(new_server)
    assert new_server.pull() == 1
    assert new_server.outcome() == "feed_unreachable"
    assert new_server.files() == SEED_FILES


def test_should_go_through_the_proxy_of_its_settings(new_server: Server, proxy: Proxy, trusting: str) -> None:
    _set(new_server, trusting, f"proxy = '{proxy.url.replace('//', '//school:p%40ss%2Fword@')}'")
    assert new_server.enrol() == 0, new_server.err
    assert new_server.pull() == 0, new_server.err
    assert new_server.files() == SEED_FILES
    where = new_server.feed.origin.removeprefix("https://")
    assert set(proxy.asked) == {(where, "school:p@ss/word")}


def test_should_go_through_the_proxy_of_its_environment_unless_its_settings_say_none(
    new_server: Server, proxy: Proxy, trusting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    _set(new_server, trusting)
    assert new_server.enrol() == 0, new_server.err
    assert len(proxy.asked) == 1
    _set(new_server, trusting, "proxy = 'none'")
    assert new_server.pull() == 0, new_server.err
    monkeypatch.setenv("NO_PROXY", "localhost")
    _set(new_server, trusting)
    assert new_server.pull() == 0, new_server.err
    assert len(proxy.asked) == 1
