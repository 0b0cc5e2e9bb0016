"""A diagnosis as one file that needs nothing else: no script, nothing fetched, charts as SVG."""

from explorer.reporting.document import as_html

__all__ = ["as_html"]
