"""What people ask of a site, one action an invocation, by roster-admin or a button of the dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from roster_aws import process
from roster_aws.telemetry import logger
from roster_pages import page, to_html

admin = process.admin()
show_reports = process.variable("SHOW_REPORTS_ARN")


@logger.inject_lambda_context(clear_state=True)
def handler(event: Any, context: LambdaContext) -> Mapping[str, object] | str:
    """Entry point of `manage_site`: {"action", "site", …} to {"ok": true, …} or {"ok": false, "error", "message"}.

    A dashboard's widget gets HTML that says the same.
    """
    if not isinstance(event, dict) or "widgetContext" not in event:
        return admin.answer(event, request_id=context.aws_request_id)
    # CloudWatch does not say who pressed the button; CloudTrail does.
    widget, asked = event["widgetContext"], {**event, "by": "the dashboard"}
    done = admin.answer_button(asked, request_id=context.aws_request_id)
    return to_html(page(done), (show_reports, context.invoked_function_arn), widget.get("theme", "light"))
