"""The results as an offline HTML page and as a workbook."""

from ntkreg.reporting.content import ReportContent
from ntkreg.reporting.page import write_report
from ntkreg.reporting.workbook.results import write_workbook

__all__ = ["ReportContent", "write_report", "write_workbook"]
