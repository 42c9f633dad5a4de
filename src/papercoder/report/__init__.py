"""The report of a run, `report.html` and `report.md`: what was observed, and what was not.

`load` gathers a run folder into one typed value, `Report`; `to_html` and `to_markdown` show it. Everything in a run
folder comes from a model, a paper or generated code, and is untrusted: templates escape, control signs are dropped,
paths are kept inside the repository, and long texts are cut.
"""

from papercoder.report.gathering import load as load
from papercoder.report.model import Report as Report
from papercoder.report.rendering import to_html as to_html
from papercoder.report.rendering import to_markdown as to_markdown
from papercoder.report.writing import write_report as write_report
