"""Packaging: the files around the code that let others install and run it. No model is called."""

from papercoder.stages.packaging.equipment import bare_equipment as bare_equipment
from papercoder.stages.packaging.equipment import equipment as equipment
from papercoder.stages.packaging.readme import bare_readme as bare_readme
from papercoder.stages.packaging.readme import documents as documents
from papercoder.stages.packaging.results import conditions as conditions
from papercoder.stages.packaging.results import result_files as result_files
from papercoder.stages.packaging.results import results_table as results_table
