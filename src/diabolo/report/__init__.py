"""The report: results -> one HTML page and plain values, in English or Russian."""

from diabolo.report.building import Report, build_report

__all__ = ["Report", "build_report"]
