"""Reports, comparisons and audits on disk."""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

from training.comparison import Comparison
from training.duplicates.audit import Audit
from training.reporting.as_json import report_json
from training.reporting.audit_page import audit_json, audit_page
from training.reporting.comparison_page import comparison_page
from training.reporting.files import write_whole
from training.reporting.report import Report
from training.reporting.report_page import report_page


@dataclass(frozen=True)
class Written:
    """Where a page lies, and its figures for programs."""

    page: Path
    figures: Path


def write_report(report: Report, folder: Path) -> Written:
    """Writes `report.html` and `report.json` into `folder`, which is made where it is absent."""
    written = Written(folder / "report.html", folder / "report.json")
    write_whole(written.page, report_page(report))
    write_whole(written.figures, json.dumps(report_json(report), allow_nan=False))
    return written


def write_comparison(comparison: Comparison, folder: Path) -> Written:
    """Writes `compare.html` and `compare.csv` into `folder`, which is made where it is absent."""
    written = Written(folder / "compare.html", folder / "compare.csv")
    write_whole(written.page, comparison_page(comparison))
    write_whole(written.figures, _table(comparison))
    return written


def write_audit(audit: Audit, folder: Path) -> Written:
    """Writes `audit.html` and `audit.json` into `folder`, which is made where it is absent."""
    written = Written(folder / "audit.html", folder / "audit.json")
    write_whole(written.page, audit_page(audit))
    write_whole(written.figures, json.dumps(audit_json(audit), ensure_ascii=False))
    return written


def _table(comparison: Comparison) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    names = [comparison.first.version, comparison.second.version]
    columns = [
        f"{name} {what}" for name in names for what in ("answer", "probability", "right", "learnt from")
    ]
    writer.writerow(["picture", "expected", *columns])
    for row in comparison.rows:
        cells: list[object] = [row.question.name, row.question.expected or ""]
        for reply, learnt in zip((row.first, row.second), row.learnt, strict=True):
            right = "" if reply.right is None else "yes" if reply.right else "no"
            cells += [reply.label, f"{reply.probability:.4f}", right, "yes" if learnt else "no"]
        writer.writerow(cells)
    return buffer.getvalue()
