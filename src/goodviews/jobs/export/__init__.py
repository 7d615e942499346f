"""Write a backbone, or a generator of views, for another library."""

from goodviews.jobs.export.job import export

__all__ = ["export"]
