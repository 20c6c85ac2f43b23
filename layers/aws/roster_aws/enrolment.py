"""Codes that work once, and the Impero servers of a site, which enrol by one and are known afterwards by a token.

Of codes and tokens only the SHA-256 is stored. A server's code lives fifteen minutes, or as long as was asked. A server
has two places for tokens, so that one can be replaced while the other still works: the older one ends when the newer is
first used, and so at no moment has a server none that works. A server that was revoked has none at all, until it enrols
again.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from roster.pair import is_server, is_site
from roster.servers import Server
from roster.times import stamp
from roster_aws.dynamo.table import Item, condition_failed, from_wire, server_key, to_wire
from roster_aws.leaving.tombstones import Tombstones

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CODE_LIFE = timedelta(minutes=15)

# No letter or digit that is taken for another when a code is read from a screen and typed.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_CODE_LENGTH = 12


class CodeInvalid(ValueError):
    """The code was never given out, was used, or has expired."""


class SiteDiffers(ValueError):
    """The code is for another site than the one named with it; it is not used up."""


class KindDiffers(ValueError):
    """The code is an uploader's where a server enrols, or the other way round; it is not used up."""


class TokenReplaced(ValueError):
    """The token is none of the server's any more."""


class Enrolment:
    """The items `CODE#{digest}` and `SERVERS#{site}` of the table. `clock` gives the time in UTC."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, clock: Callable[[], datetime]) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock
        self._codes = Codes(dynamodb, table, clock)

    def give_code(self, site: str, server: str, life: timedelta = CODE_LIFE) -> tuple[str, datetime]:
        """A new code that enrols this server of this site, and when it expires."""
        return self._codes.give(life, site=site, server=server)

    def enrol(self, code: str, site: str | None = None) -> dict[str, str]:
        """Use up a code: site, server and the server's token, which is shown this once.

        Enrolling a server again replaces its tokens: the machine was replaced, or its token was lost. CodeInvalid,
        SiteDiffers, KindDiffers.
        """
        known, use_up = self._codes.find(code, "server", site)
        token = _new_token(known["site"], known["server"])
        server = {
            **server_key(known["site"], known["server"]),
            "server": known["server"],
            "enrolled_at": stamp(self._clock()),
            "tokens": [digest(token)],
        }
        nobody_erases = Tombstones(self._dynamodb, self._table).nobody_erases(known["site"])
        writes: Any = [nobody_erases, use_up, {"Put": {"TableName": self._table, "Item": to_wire(server)}}]
        try:
            self._dynamodb.transact_write_items(TransactItems=writes)
        except ClientError as error:
            if condition_failed(error):
                raise CodeInvalid("the code is unknown, used or expired") from None
            raise
        return {"site": known["site"], "server": known["server"], "token": token}

    def recognise(self, token: str) -> Server | None:
        """The server that a token belongs to; None when it belongs to none."""
        site, _, rest = token.partition(".")
        server, _, secret = rest.partition(".")
        if not (is_site(site) and is_server(server) and secret):
            return None
        # Consistent, so that a token which was revoked is refused from that moment on.
        key = to_wire(server_key(site, server))
        known = from_wire(self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item", {}))
        matches = matching(token, known.get("tokens", []))
        if not any(matches):
            return None
        return replace(Server.from_item(site, known), newer_token=len(matches) > 1 and matches[-1])

    def second_token(self, server: Server, token: str) -> str:
        """A new token beside the one given, in the place of any other; TokenReplaced when that is none any more."""
        second = _new_token(server.site, server.server)
        self._set_tokens(server, [digest(token), digest(second)], digest(token))
        return second

    def end_older_token(self, server: Server, token: str) -> None:
        """The newer token was used: from now on it is the only one. TokenReplaced when it is none any more."""
        self._set_tokens(server, [digest(token)], digest(token))

    def _set_tokens(self, server: Server, tokens: list[str], now_one_of_them: str) -> None:
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_wire(server_key(server.site, server.server)),
                UpdateExpression="SET tokens = :tokens",
                ConditionExpression="contains(tokens, :known)",
                ExpressionAttributeValues=to_wire({":tokens": tokens, ":known": now_one_of_them}),
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            raise TokenReplaced("the token was replaced") from None

    def revoke(self, site: str, server: str) -> bool:
        """End every token of a server; False when there is no such server."""
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_wire(server_key(site, server)),
                UpdateExpression="SET tokens = :none, revoked_at = :at",
                ConditionExpression="attribute_exists(server)",
                ExpressionAttributeValues=to_wire({":none": [], ":at": stamp(self._clock())}),
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def revoke_again(self, site: str, revoked: Mapping[str, str]) -> list[str]:
        """Revoke those servers that were revoked at these times and do not know it: a restored table's. Their names.

        Whoever enrolled after that has other tokens, and keeps them.
        """
        again = []
        for server, at in sorted(revoked.items()):
            with suppress(self._dynamodb.exceptions.ConditionalCheckFailedException):
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=to_wire(server_key(site, server)),
                    UpdateExpression="SET tokens = :none, revoked_at = :at",
                    ConditionExpression="enrolled_at <= :at AND attribute_not_exists(revoked_at)",
                    ExpressionAttributeValues=to_wire({":none": [], ":at": at}),
                )
                again.append(server)
        return again


def _new_token(site: str, server: str) -> str:
    return f"{site}.{server}.{secrets.token_urlsafe(32)}"


# Codes, for whoever enrols


class Codes:
    """The items `CODE#{digest}` of the table. `clock` gives the time in UTC."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, clock: Callable[[], datetime]) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock

    def give(self, life: timedelta, **about: str | int) -> tuple[str, datetime]:
        """A new code, and when it expires. `about` has the site, and the server or uploader that it is for."""
        code = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))
        expires = self._clock() + life
        item = {**_code_key(code), **about, "expires_at": int(expires.timestamp())}
        self._dynamodb.put_item(TableName=self._table, Item=to_wire(item))
        return "-".join(code[place : place + 4] for place in range(0, _CODE_LENGTH, 4)), expires

    def find(self, code: str, kind: str, site: str | None = None) -> tuple[Item, dict[str, Any]]:
        """Whom a code is for, and the part of a transaction that uses it up. `kind` is `server` or `uploader`.

        CodeInvalid; SiteDiffers where it is not for the `site` named with it; KindDiffers.
        """
        plain = "".join(code.upper().split()).replace("-", "")
        got = self._dynamodb.get_item(TableName=self._table, Key=to_wire(_code_key(plain)), ConsistentRead=True)
        now = int(self._clock().timestamp())
        if "Item" not in got or (known := from_wire(got["Item"]))["expires_at"] < now:
            raise CodeInvalid("the code is unknown, used or expired")
        if site is not None and site != known["site"]:
            raise SiteDiffers("the code is for another site")
        if kind not in known:
            raise KindDiffers(f"the code is for no {kind}")
        use_up: dict[str, Any] = {
            "TableName": self._table,
            "Key": to_wire(_code_key(plain)),
            "ConditionExpression": "expires_at >= :now",
            "ExpressionAttributeValues": to_wire({":now": now}),
        }
        return known, {"Delete": use_up}


def digest(secret: str) -> str:
    """What is stored of a secret."""
    # JSON can hold half a surrogate pair, which is no character: it belongs to nobody, and is no fault of ours.
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def matching(secret: str, stored: Iterable[str]) -> list[bool]:
    """Which of the stored digests is this secret's; each is compared, and in constant time."""
    return [hmac.compare_digest(digest(secret), each) for each in stored]


def _code_key(code: str) -> dict[str, str]:
    return {"pk": f"CODE#{digest(code)}", "sk": "CODE"}
