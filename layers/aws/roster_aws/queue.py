"""The queue that starts imports: uploads come through it from S3, and what the product asks of itself.

What its messages say is `roster.request`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from roster.request import KEYRING_WANTED, Request, Unnamed, message_of

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_LONGEST_DELAY = 900
_RETRY_SECONDS = 15


class Queue:
    """The import queue, seen from its own consumer."""

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def ask(self, request: Request, delay_seconds: float = 0) -> None:
        """Have a site's inbox looked at, after a delay of at most fifteen minutes."""
        self._send(message_of(request), delay_seconds)

    def look_again(self, stray: Unnamed, delay_seconds: float) -> None:
        """Have an upload that no import reads looked at again, after a delay."""
        self._send(message_of(stray), delay_seconds)

    def ask_for_keyring(self) -> None:
        """Have a keyring made, in a stack that has none yet."""
        self._send(KEYRING_WANTED, 0)

    def _send(self, message: str, delay_seconds: float) -> None:
        delay = _whole_seconds(delay_seconds)
        self._sqs.send_message(QueueUrl=self._url, MessageBody=message, DelaySeconds=delay)

    def retry_soon(self, receipt_handle: str, attempts: int) -> bool:
        """Let a message that failed come back early: after 15 s the first time, then twice as long each time.

        Where the queue does not take that, which raises nothing, it comes back all the same, but later; whether it did.
        """
        seconds = _RETRY_SECONDS * 2 ** (attempts - 1)
        try:
            self._sqs.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
            )
        except (BotoCoreError, ClientError):
            return False
        return True


def _whole_seconds(delay: float) -> int:
    """A delay as the queue takes it, rounded up so that no message is early."""
    return max(0, min(_LONGEST_DELAY, int(delay) + (delay > int(delay))))
