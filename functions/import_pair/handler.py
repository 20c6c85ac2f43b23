"""SQS messages (uploads, and requests of our own) to imports. A message that fails comes back by itself, and alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from roster.request import Request, Stray, read_message
from roster_aws import process
from roster_aws.telemetry import logger

importer = process.importer()
strays = process.strays()
signer = process.signer()
queue = process.queue()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point of `import_pair`: says which messages of the batch have failed."""
    failed = [record["messageId"] for record in event["Records"] if not _is_done(record, context)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _is_done(record: dict[str, Any], context: LambdaContext) -> bool:
    """Whether a message was dealt with; one that was not, which is our fault, is asked to come back soon."""
    alive_until = datetime.now(UTC) + timedelta(milliseconds=context.get_remaining_time_in_millis())
    try:
        _deal_with(record["body"], f"{context.aws_request_id}/{record['messageId']}", alive_until)
    except Exception:
        logger.exception("import_broke_off")
        if not queue.retry_soon(record["receiptHandle"], int(record["attributes"]["ApproximateReceiveCount"])):
            logger.warning("retry_not_hastened")
        return False
    return True


def _deal_with(body: str, owner: str, alive_until: datetime) -> None:
    message = read_message(body)
    if not message or any(isinstance(wanted, Request) for wanted in message):
        # Once in a process: the first one of a stack makes the keyring, and the first one with other keys a new one.
        signer.keyring()
    for wanted in message:
        if isinstance(wanted, Request):
            importer.run(wanted, owner, alive_until)
        elif isinstance(wanted, Stray):
            strays.look(wanted)
        else:
            strays.look_again(wanted)
