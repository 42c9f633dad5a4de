"""Packaging: the files around the code that let others install and run it. No model is called."""

from papercoder.stages.packaging.equipment import REPRODUCE as REPRODUCE
from papercoder.stages.packaging.equipment import bare_equipment as bare_equipment
from papercoder.stages.packaging.equipment import bare_readme as bare_readme
from papercoder.stages.packaging.equipment import documents as documents
from papercoder.stages.packaging.equipment import equipment as equipment
from papercoder.stages.packaging.equipment import package_markers as package_markers
from papercoder.stages.packaging.equipment import requirements_txt as requirements_txt
