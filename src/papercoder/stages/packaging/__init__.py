"""Packaging: the files around the code that let others install and run it. No model is called."""

from papercoder.stages.packaging.equipment import bare_equipment as bare_equipment
from papercoder.stages.packaging.equipment import equipment as equipment
from papercoder.stages.packaging.readme import bare_readme as bare_readme
from papercoder.stages.packaging.readme import documents as documents
