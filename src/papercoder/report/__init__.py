"""The report of a run, `report.html` and `report.md`: what was verified and what was not.

`load` reads a run folder into a `Report`; `to_html` and `to_markdown` render it. A run folder's content comes from
models, papers and generated code and is untrusted: templates escape it, control characters are removed, paths out of
the repository are ignored, and long texts are cut.
"""

from papercoder.report.loading import load as load
from papercoder.report.model import Report as Report
from papercoder.report.rendering import to_html as to_html
from papercoder.report.rendering import to_markdown as to_markdown
from papercoder.report.rendering import write_report as write_report
