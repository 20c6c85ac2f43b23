"""SQS messages (uploads, and requests of our own) to imports. A message that fails comes back by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from roster_aws.importing import Importer
from roster_aws.queue import Stray, read_message
from roster_aws.telemetry import logger

importer = Importer.from_environment()
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def process(record: SQSRecord, lambda_context: LambdaContext) -> None:
    """One message; raises what is our fault, after asking for the message to come back soon."""
    alive_until = datetime.now(UTC) + timedelta(milliseconds=lambda_context.get_remaining_time_in_millis())
    try:
        # Once in a process: the first one of a stack makes the keyring, and the first one with other keys a new one.
        importer.signer.keyring()
        for wanted in read_message(record.body):
            if isinstance(wanted, Stray):
                importer.strays.look(wanted)
            else:
                importer.run(wanted, f"{lambda_context.aws_request_id}/{record.message_id}", alive_until)
    except Exception:
        logger.exception("import_broke_off")
        importer.queue.retry_soon(record.receipt_handle, int(record.attributes.approximate_receive_count))
        raise


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point of `import_pair`."""
    return dict(process_partial_response(event, process, processor, context))
