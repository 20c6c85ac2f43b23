"""agent.toml: what it may say, what it says when it says nothing, and what a person is told of a mistake."""

from pathlib import Path

import pytest

from roster_agent.agent_settings import TEMPLATE, Settings, parse
from roster_agent.failures import BadSettings
from roster_agent.trust.guard import Limits
from tests.unit.agent.server import Server


def test_should_hold_the_defaults_where_the_file_says_nothing() -> None:
    assert parse(b"") == parse(TEMPLATE.encode()) == Settings()
    assert Settings().limits == Limits(percent=10, memberships=25)


def test_should_show_the_defaults_in_the_file_that_it_offers() -> None:
    """Every line of it without its # is the default, but for the example of a file of certificates."""
    lines = [line.removeprefix("# ") for line in TEMPLATE.splitlines() if " = " in line and line.startswith("# ")]
    settings = [line for line in lines if line.split(" = ")[0].isidentifier()]
    hold = settings.index("percent = 10")
    text = "\n".join([*settings[:hold], "[hold]", *settings[hold:]])
    assert parse(text.encode()) == Settings(ca_file=Path("C:/certificates/proxy.pem"))


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_should_read_what_a_person_wrote(mark: bytes) -> None:
    text = (
        b'proxy = "http://proxy:8080"\r\nca_file = "/etc/ca.pem"\r\nlog_level = "debug"\r\n[hold]\r\npercent = 20.5\r\n'
    )
    assert parse(mark + text) == Settings(
        proxy="http://proxy:8080", ca_file=Path("/etc/ca.pem"), log_level="debug", limits=Limits(percent=20.5)
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("proxy = ", "not TOML (at end of document"),
        ("proxi = 'none'", "there is no setting 'proxi'"),
        ("[hold]\npercents = 1", "there is no setting 'hold.percents'"),
        ("hold = 3", "[hold]"),
        ("proxy = 'proxy:8080'", "proxy is"),
        ("proxy = 'http://'", "proxy is"),
        ("proxy = 'http://a b'", "proxy is"),
        ("proxy = 'http://[::1'", "proxy is"),
        ("proxy = 8080", "proxy is"),
        ("proxy = 'http://name:pass/word@proxy:80'", "%2F"),
        ("proxy = 'http://name:pass@word@proxy:80'", "%40"),
        ("proxy = 'http://name:pa@ss/word@proxy:80'", "%40"),
        ("proxy = 'http://name:p@ss#word@proxy:80'", "%23"),
        ("proxy = 'http://proxy:80?'", "nothing after it"),
        ("ca_file = ''", "ca_file is"),
        ("ca_file = 1", "ca_file is"),
        ("log_level = 'loud'", "log_level is one of debug"),
        ("file_retry_seconds = -1", "from 0 to 60"),
        ("file_retry_seconds = true", "from 0 to 60"),
        ("file_retry_seconds = nan", "from 0 to 60"),
        ("[hold]\npercent = 101", "from 0 to 100"),
        ("[hold]\nmemberships = '25'", "hold.memberships is a number"),
    ],
)
def test_should_say_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(BadSettings) as told:
        parse(text.encode())
    assert says in str(told.value)


def test_should_say_everything_that_is_wrong_at_once_and_no_password() -> None:
    with pytest.raises(BadSettings) as told:
        parse(b"proxy = 'ftp://user:secret@proxy'\nlog_level = 'loud'")
    assert "proxy" in str(told.value)
    assert "log_level" in str(told.value)
    assert "secret" not in str(told.value)
    assert "secret" not in repr(Settings(proxy="http://user:secret@proxy"))


def test_should_refuse_what_is_no_text() -> None:
    with pytest.raises(BadSettings, match="UTF-8"):
        parse(b"\xff\xfe")


def test_should_offer_a_file_with_every_enrolment_and_never_replace_one(new_server: Server) -> None:
    new_server.enrol()
    file = new_server.state.settings_file
    assert file.read_text() == TEMPLATE
    file.write_text("log_level = 'debug'")
    new_server.enrol("--force")
    assert file.read_text() == "log_level = 'debug'"


def test_should_enrol_by_settings_that_were_there_first(new_server: Server) -> None:
    new_server.state.folder.mkdir(mode=0o700)
    new_server.state.settings_file.write_text("proxy = ")
    assert new_server.enrol() == 1
    assert "not TOML" in new_server.err
    assert new_server.feed.requests == []
    new_server.state.settings_file.write_text("proxy = 'none'")
    assert new_server.enrol() == 0


def test_should_say_it_when_the_certificates_cannot_be_read(server: Server, tmp_path: Path) -> None:
    before = server.left()
    for content in (None, "no certificate"):
        if content:
            (tmp_path / "ca.pem").write_text(content)
        server.state.settings_file.write_text(f"ca_file = '{tmp_path / 'ca.pem'}'")
        assert server.pull() == 1
        assert server.outcome() == "bad_settings"
        assert "certificates in PEM" in server.err
    assert server.left() == before
