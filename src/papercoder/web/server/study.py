"""Serves the questionnaire of a study, the same file that participants get, and keeps the answers of one person."""

import json
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from papercoder.artifacts import Study
from papercoder.errors import RunFolderError, SettingsError
from papercoder.evaluation.study.answers import LARGEST, PAGE, InvalidAnswers, file_name, parse_answers, read_study
from papercoder.evaluation.study.pages import page_script, script_hash
from papercoder.files.regular import read_bytes, write
from papercoder.web.server.access import Access, AccessControl, address_of, listen, run_until_stopped, token_from

_HOST = "127.0.0.1"
_POLICY = (
    "default-src 'none'; script-src 'sha256-{}'; style-src 'unsafe-inline'; img-src data:; frame-src blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""With the hash of our own script: a study may be someone else's, and its page could bring another one."""


def serve_study(folder: Path, participant: str, port: int, show: Callable[[str], None], *, browser: bool) -> None:
    """Serve a study to one participant at this machine until Ctrl-C.

    Raises:
        SettingsError: the name cannot be used, or the port is not available.
        RunFolderError: the folder is no study.
        ArtifactError: the study, or the answers so far, are not valid.
    """
    application = build(folder, participant)
    access = Access(token_from(None))
    with listen(_HOST, port) as sock:
        address = address_of(_HOST, sock.getsockname()[1], "/")
        show(f"The study runs at {address}?token={quote(access.token, safe='')}  (press Ctrl-C to stop)")
        show(f"Answers are kept in {folder / file_name(participant)}")
        if browser:  # in a thread: a browser in the terminal blocks until it is closed
            link = f"{address}?token={access.new_ticket()}"
            Thread(target=webbrowser.open, args=(link,), daemon=True).start()
        run_until_stopped(AccessControl(application, access), sock, show)


def build(folder: Path, participant: str) -> Starlette:
    """The page of a study at `/`, and the answers of a participant at `/answers`.

    Raises:
        SettingsError, RunFolderError, ArtifactError: as for `serve_study`.
    """
    study, name = read_study(folder), file_name(participant)
    if name == file_name(""):
        raise SettingsError(f"--as {participant!r} has no letters or digits of the Latin alphabet.")
    page = read_bytes(folder, PAGE)
    if page is None or page_script().encode() not in page:
        problem = "is missing" if page is None else "was changed, or made by another version of PaperCoder"
        raise RunFolderError(f"{folder / PAGE} {problem}. Make the study again with `papercoder study new`.")
    own = _Questionnaire(folder, study, participant.strip(), page, _kept(folder, name, study))
    routes = [Route("/", own.show), Route("/answers", own.read), Route("/answers", own.keep, methods=["PUT"])]
    return Starlette(routes=routes)


def _kept(folder: Path, name: str, study: Study) -> bytes:
    """What the participant answered before; `null` if nothing was."""
    content = read_bytes(folder, name, LARGEST)
    if content is None:
        return b"null"
    try:
        parse_answers(study, content)
    except InvalidAnswers as error:
        advice = "Move the file away, or choose another name with --as."
        raise RunFolderError(f"{folder / name} cannot be continued. {error} {advice}") from error
    return content


@dataclass
class _Questionnaire:
    """The questionnaire of one participant."""

    folder: Path
    study: Study
    participant: str
    page: bytes
    kept: bytes
    """The answers so far, as JSON."""

    async def show(self, _: Request) -> Response:
        return HTMLResponse(self.page, headers={"Content-Security-Policy": _POLICY.format(script_hash())})

    async def read(self, _: Request) -> Response:
        return JSONResponse({"participant": self.participant, "answers": json.loads(self.kept)})

    async def keep(self, request: Request) -> Response:
        content = await request.body()
        try:
            if parse_answers(self.study, content).participant != self.participant:
                return PlainTextResponse("These are the answers of someone else.", 400)
            await run_in_threadpool(write, self.folder, file_name(self.participant), content)
        except InvalidAnswers as error:
            return PlainTextResponse(str(error), 400)
        except RunFolderError as error:
            return PlainTextResponse(str(error), 507)
        self.kept = content
        return PlainTextResponse("saved")
