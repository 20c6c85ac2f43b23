"""What an import tells CloudWatch: one structured event a report, and numbers. Never a username, never a class."""

from __future__ import annotations

import warnings
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from roster_aws.queue import Stray

# What dashboards and alarms find the metrics under.
NAMESPACE = "SisImport"

logger = Logger()
metrics = Metrics(namespace=NAMESPACE)

# A message that finds nothing new has no number to tell.
warnings.filterwarnings("ignore", "No application metrics to publish")


def tell_report(report: dict[str, Any]) -> None:
    """The report of an import that has ended, or of a file that waits."""
    level = logger.error if report["status"] == "failed" else logger.info
    level("import_report", extra={"report": report})
    metrics.add_metric(f"Imports_{report['status']}", MetricUnit.Count, 1)
    for name, count in report.get("counts", {}).items():
        if name.startswith("rows_"):
            metrics.add_metric(f"Imports_{name}", MetricUnit.Count, count)


def tell_stray(stray: Stray) -> None:
    """An upload outside any site. Its key may be anything, a name too, so only its version is told."""
    logger.warning(
        "upload_ignored",
        extra={"reason": "outside_any_site", "version_id": stray.version_id, "bytes": stray.size},
    )
    metrics.add_metric("UploadsIgnored", MetricUnit.Count, 1)
