"""The trials of a repository, as its `main.py --list` prints them."""

from collections import Counter

from pydantic import ValidationError

from papercoder.artifacts import SourceFile, TrialList
from papercoder.artifacts.reproduction import Setting
from papercoder.environments.repository_copy import read_untrusted_file
from papercoder.errors import ReproductionError
from papercoder.sandbox.contract import MIB, Limits
from papercoder.stages.reproduction.preparation import MAIN, Preparation, options_of, repository_folder

_OUTPUT = "trial-list.json"
_INTO_FILE = f'exec python {MAIN} --list "$@" > {_OUTPUT}'
"""A shell command, because the sandbox keeps only the end of what is printed."""

_LIMITS = Limits(seconds=300)
_LONGEST = 32 * MIB


async def list_trials(
    preparation: Preparation, files: tuple[SourceFile, ...], settings: tuple[Setting, ...] = ()
) -> TrialList:
    """List the trials of a repository with these settings, in the sandbox.

    Raises:
        ReproductionError: it lists none, or not as the convention of trials says.
        SandboxError: the sandbox could not be started.
    """
    async with repository_folder(files) as folder:
        outcome = await preparation.run(("sh", "-c", _INTO_FILE, "sh", *options_of(settings)), folder, _LIMITS)
        text = read_untrusted_file(folder, _OUTPUT, _LONGEST)
    command = f"`python {MAIN} --list`"
    if not outcome.succeeded or text is None:
        why = f"it reached its limit of {outcome.limit}" if outcome.limit else outcome.output.strip()[-500:]
        raise ReproductionError(f"The repository does not list its trials: {command} failed: {why or 'no output'}")
    try:
        listed = TrialList.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the output"
        raise ReproductionError(f"{command} printed an invalid list of trials: {where}: {first['msg']}.") from error
    if twice := [name for name, count in Counter(trial.id for trial in listed.trials).items() if count > 1]:
        raise ReproductionError(f"{command} printed two trials with the id {twice[0]!r}.")
    if not listed.trials:
        raise ReproductionError(f"{command} printed no trials, so there is nothing to reproduce.")
    return listed
