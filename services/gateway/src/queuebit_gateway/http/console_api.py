"""The console's files. They know no job: whoever opens them signs in with an API key, which goes to the API alone."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from queuebit_gateway.console.files import INDEX, content_policy, web_files
from queuebit_gateway.http.parts import parts_of
from queuebit_gateway.problem_details import Refusal

router = APIRouter(include_in_schema=False)

ASK_FIRST = "no-cache"


@router.get("/")
async def front_door(request: Request) -> Response:
    """Who comes with a browser is shown to the console; a program is told that there is nothing."""
    if parts_of(request).console and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("console/", status_code=307)
    raise Refusal("not_found")


@router.get("/console")
async def console_without_slash(request: Request) -> Response:
    """The files find each other from behind the slash."""
    if not parts_of(request).console:
        raise Refusal("not_found")
    return RedirectResponse("console/", status_code=308)


@router.get("/console/{path:path}")
async def console_file(request: Request, path: str) -> Response:
    """One file of the console."""
    file = web_files().get(path or INDEX) if parts_of(request).console else None
    if file is None:
        raise Refusal("not_found")
    headers = {
        "Cache-Control": ASK_FIRST,
        "Content-Security-Policy": content_policy(),
        "Cross-Origin-Opener-Policy": "same-origin",
        "ETag": f'"{file.tag}"',
        "Vary": "Accept-Encoding",
    }
    if file.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.zipped, 200, {**headers, "Content-Encoding": "gzip"}, media_type=file.media_type)
    return Response(file.body, 200, headers, media_type=file.media_type)
