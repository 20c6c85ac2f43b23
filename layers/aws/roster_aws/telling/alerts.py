"""The topic that people hear of their sites by: `roster.alert`, published with its words.

Every message has the attributes `site`, `kind` and `about`, by which a subscription chooses. Mail gets the text, all
else gets JSON. An alert that was told before a crash may be told again, by the run that finishes what the crash left.
What the topic refuses for good stands in nobody's way: it is counted, and an alarm goes off.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from roster.alert import Alert
from roster_aws.logbook import Logbook
from roster_aws.telemetry import logger
from roster_pages.alert_text import message_of

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class Alerts:
    """Publishes alerts to a topic. `dashboard` is the address of the page that they lead to."""

    def __init__(self, sns: SNSClient, topic: str, dashboard: str, logbook: Logbook) -> None:
        self._sns = sns
        self._topic = topic
        self._dashboard = dashboard
        self._logbook = logbook

    def tell(self, alerts: Iterable[Alert]) -> None:
        """Publish alerts, one message each."""
        for alert in alerts:
            try:
                self._publish(alert)
            except (BotoCoreError, ClientError):
                logger.exception("alert_not_told")
                event = {"message": "alert_not_told", "site": alert.site, "kind": alert.kind, "AlertsNotTold": 1}
                self._logbook.tell([event])

    def _publish(self, alert: Alert) -> None:
        message = message_of(alert, self._dashboard)
        data = json.dumps(message.as_dict(), ensure_ascii=False)
        by_protocol = {"default": message.text, "email": message.text, "sms": message.subject}
        self._sns.publish(
            TopicArn=self._topic,
            Subject=message.subject,
            Message=json.dumps(by_protocol | dict.fromkeys(("https", "lambda", "sqs", "email-json"), data)),
            MessageStructure="json",
            MessageAttributes={
                "site": {"DataType": "String", "StringValue": alert.site},
                "kind": {"DataType": "String", "StringValue": alert.kind},
                "about": {"DataType": "String.Array", "StringValue": json.dumps(list(alert.about))},
            },
        )
