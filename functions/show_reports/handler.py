"""The custom widget of the dashboard: what somebody wants to look at, to the page's HTML. Changes nothing."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from roster_aws import process
from roster_aws.telemetry import logger
from roster_pages import page, to_html

views = process.views()
manage_site = process.variable("MANAGE_SITE_ARN")

#: What stands in the dashboard's box while nobody has chosen a site.
ALL_SITES = "ALL_SITES"

DESCRIPTION = """### Impero SIS Import: import reports

The sites, what each import did, which rows were wrong and what to do, and who has access to what.

``` yaml
view: overview  # or site, import, groups, console, group, user
site: hogwarts  # for every view but the overview; alone, it shows the site's page
import: 20261123T071500Z-000042  # for import
name: Potions  # for group and user
search: ""  # for overview, groups and console
sort: status  # for overview: site, status, last_import, version, groups
status: held  # for overview: only the sites that are so
page: 1
```
"""


@logger.inject_lambda_context(clear_state=True)
def handler(event: Any, context: LambdaContext) -> str:
    """Entry point of `show_reports`: HTML, or for {"describe": true} the widget's documentation as Markdown."""
    said = _object(event)
    if said.get("describe"):
        return DESCRIPTION
    widget = _object(said.get("widgetContext"))
    # What a button says counts more than what is typed somewhere on the page. A field called `name` would not reach the
    # page: sanitisers take it for an attack on the document's own names.
    typed = _object(_object(widget.get("forms")).get("all"))
    asked = {"name": typed.get("lookup"), **typed, **said}
    site = str(asked.get("site") or "").strip()
    if asked.get("view", "overview") == "overview" and site not in ("", ALL_SITES):
        asked |= {"view": "site", "site": site.lower()}
    arns = context.invoked_function_arn, manage_site
    return to_html(page(views.page(asked)), arns, widget.get("theme", "light"))


def _object(value: Any) -> dict[str, Any]:
    """A JSON object; an empty one when it is something else."""
    return value if isinstance(value, dict) else {}
