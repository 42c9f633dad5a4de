"""A model that invents a project: answers of the right shape, size and pace, and faults on demand."""

from papercoder.models.simulated.model import Simulated as Simulated
from papercoder.models.simulated.project import Simulation as Simulation
