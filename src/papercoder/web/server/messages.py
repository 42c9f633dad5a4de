"""Messages of the commands as the page shows them: what to press instead of a flag, and no path of the server."""

import re

_SENTENCES = (
    (
        r"(Run the same command with|Give) a higher --max-cost( to resume| if it needs more)\.",
        "Raise the cost limit, then press Resume.",
    ),
    (
        r"Run again with another model \(--model (\w+)=\S+\) or more tries \(--answer-retries\); finished steps are "
        r"reused\.",
        r"Choose another model for \1, then press Resume; finished work is kept.",
    ),
    (r"(Choose a model with a larger window|Try another model): --model (?:\w+=)?PROVIDER:NAME\.", r"\1."),
    (
        r"Give --price-prompt and --price-completion in dollars per million tokens, or leave --max-cost out\.",
        "Leave the cost limit empty, or choose a model whose price is known.",
    ),
    (r", or choose another provider with --model\.", ", or choose a model of another provider."),
    (r"Give a higher limit, or a lower --max-tokens\.", "Raise the cost limit."),
    (
        r"(Start a run: |Make it first: |Run )`?papercoder run PAPER[^`\n]*?`?( to make it)?(\.|$)",
        "Press Resume to make it.",
    ),
    (
        r"Start the run again in another folder \(-o\), or use the version that made it\.",
        "Start it as a new run, or open it with the version that made it.",
    ),
    (r", or choose another folder with -o\.", ", or choose another name."),
    (r"Choose another folder with -o, or replace that run with --force\.", "Choose another name."),
    (r"Use --sandbox auto to select one that works\.", "Choose the sandbox “auto”."),
    (r"; on a machine without valuable data, `--sandbox subprocess` runs the code without isolation\.", "."),
    (r"write NAME=PATH with one of the names (.*)\.", r"the data are \1."),
    (r" \(--idle-timeout\)", ""),
    (r"or run without --gpu", "or run without the GPU"),
    (r"Make it with this version of PaperCoder: papercoder run PAPER\.", "Start the paper as a new run."),
    (r", or use a flag or a PAPERCODER_ variable\.", "."),
)
"""Pattern of a sentence for the terminal -> what to do on the page."""

_FLAG = re.compile(r"--([a-z]+(?:-[a-z]+)*)(?:[ =][A-Z]+\b)?")
_FIRST = re.compile(r"^(?:--data )?(?:--)([a-z]+(?:-[a-z]+)*)(?=[: ])")
_PATH = re.compile(r"(?<![\w./:~-])/(?:[\w.@+~-]+/)+([\w.@+~-]+)/?")


def for_page(message: str) -> str:
    """A message as the page shows it."""
    for pattern, sentence in _SENTENCES:
        message = re.sub(pattern, sentence, message)
    message = _FIRST.sub(lambda found: found[1].replace("-", " ").capitalize(), message)
    message = _FLAG.sub(lambda found: f"the {_NAMES.get(found[1], found[1].replace('-', ' '))}", message)
    return _PATH.sub(r"\1", message).strip()


_NAMES = {"max-cost": "cost limit", "max-tokens": "limit of tokens", "model": "model", "workers": "number of workers"}
"""Flag -> the label of its field, where it is another one."""
