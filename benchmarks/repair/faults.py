"""All kinds of defects with the checks that should find them."""

from dataclasses import dataclass

from benchmarks.repair import body_faults, call_faults, module_faults, setting_faults
from benchmarks.repair.sources import Mutation


@dataclass(frozen=True)
class Fault:
    """A kind of defect."""

    group: str
    plant: Mutation
    checks: tuple[str, ...]
    """The checks that may find it; empty if only execution can, or nothing."""

    @property
    def name(self) -> str:
        """Readable name."""
        return self.plant.__name__.replace("_", " ")


def _faults(group: str, checks: str, *plants: Mutation) -> tuple[Fault, ...]:
    return tuple(Fault(group, plant, tuple(checks.split())) for plant in plants)


_M, _C, _S, _B = module_faults, call_faults, setting_faults, body_faults

FAULTS: tuple[Fault, ...] = (
    *_faults("dependencies", "dependencies", _M.missing_dependency, _M.unlisted_package),
    *_faults("imports", "imports", _M.wrong_module_path, _M.wrong_module_name, _M.wrong_imported_name),
    *_faults(
        "imports", "imports", _M.relative_beyond, _M.deleted_module, _M.hidden_standard_library, _M.missing_export
    ),
    *_faults("imports", "cycles", _M.import_cycle),
    *_faults("imports", "calls", _M.wrong_standard_name),
    *_faults("calls", "calls", _C.missing_argument, _C.extra_argument, _C.renamed_parameter, _C.new_parameter),
    *_faults("calls", "calls", _C.wrong_method, _C.deleted_method, _C.wrong_attribute, _C.wrong_standard_attribute),
    *_faults("calls", "calls", _C.wrong_unpacking, _C.missing_return),
    *_faults("settings", "config", _S.missing_key, _S.misspelt_key, _S.missing_smoke_key, _S.number_as_text),
    *_faults("settings", "config", _S.quoted_number),
    *_faults("paths", "paths entry", _S.wrong_default_path, _S.wrong_script_path, _S.absolute_path),
    *_faults("marks", "marks", _S.unknown_mark, _S.missing_mark),
    *_faults("start", "entry names", _S.no_results, _S.no_start, _S.work_at_import),
    *_faults("syntax", "syntax", _B.unclosed, _B.wrong_indentation),
    *_faults("names", "names", _B.undefined_variable, _B.forgotten_import),
    *_faults("types and shapes", "calls", _B.text_plus_number),
    *_faults("types and shapes", "", _B.wrong_shape, _B.wrong_dtype, _B.wrong_formula),
    *_faults("stubs", "stubs", _B.not_implemented, _B.empty_body, _B.constant_result, _B.todo),
    *_faults("fallbacks", "fallbacks", _B.swallowed_error, _B.random_fallback, _B.random_metric),
)
"""In display order."""
