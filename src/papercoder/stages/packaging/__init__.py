"""Packaging: the files around the code that let others install and run it. No model is called."""

from papercoder.stages.packaging.files import bare_equipment as bare_equipment
from papercoder.stages.packaging.files import bare_readme as bare_readme
from papercoder.stages.packaging.files import conditions as conditions
from papercoder.stages.packaging.files import documents as documents
from papercoder.stages.packaging.files import equipment as equipment
from papercoder.stages.packaging.files import result_files as result_files
from papercoder.stages.packaging.files import results_table as results_table
