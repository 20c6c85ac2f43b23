"""The messages that a local cloud's people would get: each one a file in a folder, as a mail would read.

In: a topic of an emulator, whose mails go nowhere. Out: a queue that is subscribed to it, and files in a folder, named
by their order, site and kind. Nothing is refused.
"""

import json
from pathlib import Path
from typing import Any


class Mailbox:
    """Keeps what is published to a topic. `sqs` and `sns` are clients of the emulator."""

    def __init__(self, sqs: Any, sns: Any, topic: str, folder: Path) -> None:
        """Subscribe; the folder is made with the first message."""
        self._sqs = sqs
        self.folder = folder
        self._queue = sqs.create_queue(QueueName="local-mailbox")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]
        may_send = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": attributes["QueueArn"],
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [may_send]})
        sqs.set_queue_attributes(QueueUrl=self._queue, Attributes={"Policy": policy})
        sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=attributes["QueueArn"],
            Attributes={"RawMessageDelivery": "true"},
        )

    def collect(self) -> list[dict[str, Any]]:
        """Put what has come since into the folder; every message so far, as data, the oldest first."""
        asked = {"QueueUrl": self._queue, "MaxNumberOfMessages": 10}
        while got := self._sqs.receive_message(**asked).get("Messages"):
            for each in got:
                self._keep(json.loads(each["Body"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=each["ReceiptHandle"])
        return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(self.folder.glob("*.json"))]

    def _keep(self, message: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        number = len(list(self.folder.glob("*.json"))) + 1
        name = f"{number:04}-{message['site']}-{message['kind']}"
        mail = f"Subject: {message['subject']}\n\n{message['text']}"
        (self.folder / f"{name}.txt").write_text(mail, encoding="utf-8")
        (self.folder / f"{name}.json").write_text(json.dumps(message, ensure_ascii=False), encoding="utf-8")
