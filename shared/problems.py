"""Errors as RFC 9457 problems that never repeat what was sent.

Acts raise a ``Problem``; the handlers here turn it, and everything FastAPI or Starlette raises, into
``application/problem+json``.  Titles are English, or Chinese where ``Accept-Language`` asks for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import FastAPI, Request, params
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from shared import methods
from shared.flaws import MAX_FLAWS, Form, form_of
from shared.flaws import Flaw as Flaw
from shared.flaws import flaws_of as flaws_of

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "https://hutong.example/problems/"
FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
NOT_A_FORM = "Send a form (application/x-www-form-urlencoded)."
#: Seconds after which to try again, where whoever refused knew nothing better.
RETRY_AFTER: Mapping[int, str] = {429: "1", 503: "5"}


@dataclass
class Problem(Exception):
    """The base of every domain error; a subclass names one ``type``."""

    status: ClassVar[int] = 400
    type: ClassVar[str] = "bad-request"
    title: ClassVar[str] = "The request cannot be served"
    title_zh: ClassVar[str] = "请求无法处理"

    detail: str | None = None
    flaws: Sequence[Flaw] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, chinese: bool = False) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": TYPE_BASE + self.type,
            "title": self.title_zh if chinese else self.title,
            "status": self.status,
        }
        if self.detail:
            body["detail"] = self.detail
        if self.flaws:
            body["errors"] = [flaw.as_json() for flaw in self.flaws]
        return body


class Invalid(Problem):
    status = 422
    type = "invalid-request"
    title = "The request does not fit its schema"
    title_zh = "请求不符合接口规范"


class Malformed(Problem):
    status = 400
    type = "malformed"
    title = "The request cannot be read"
    title_zh = "请求格式错误"


class Unauthenticated(Problem):
    status = 401
    type = "unauthenticated"
    title = "A valid access token is required"
    title_zh = "需要有效的访问令牌"


class Forbidden(Problem):
    status = 403
    type = "forbidden"
    title = "The token does not allow this"
    title_zh = "令牌权限不足"


class PersonNeeded(Forbidden):
    type = "person-needed"
    title = "A person must do this, not a job"
    title_zh = "须由自然人办理，系统作业不得代办"


class PurposeMissing(Problem):
    status = 403
    type = "purpose-required"
    title = "Name a granted purpose and the acting person"
    title_zh = "须注明获授权的用途和操作人"


class NotFound(Problem):
    """Absent, or not the caller's to see: the two answer alike, byte for byte."""

    status = 404
    type = "not-found"
    title = "There is nothing here for you"
    title_zh = "未找到可供访问的内容"


class Conflict(Problem):
    status = 409
    type = "conflict"
    title = "The request contradicts the present state"
    title_zh = "与当前状态冲突"


class PreconditionFailed(Problem):
    status = 412
    type = "precondition-failed"
    title = "It has changed since you read it"
    title_zh = "内容已变更，请重新读取"


class PreconditionRequired(Problem):
    status = 428
    type = "precondition-required"
    title = "Send If-Match with the ETag you read"
    title_zh = "须携带 If-Match"


class TooLarge(Problem):
    status = 413
    type = "too-large"
    title = "The request is larger than the limit"
    title_zh = "请求超过大小限制"


class TooMany(Problem):
    status = 429
    type = "too-many-requests"
    title = "Too many requests; come back later"
    title_zh = "请求过于频繁"


class Unavailable(Problem):
    status = 503
    type = "unavailable"
    title = "Not now; try again"
    title_zh = "暂时无法服务，请稍后重试"


class Fault(Problem):
    """Ours to mend; the log has its kind and place, and nobody its message, which may quote a value."""

    status = 500
    type = "fault"
    title = "Something broke here; it has been logged"
    title_zh = "服务内部错误，已记录"


class ProblemOut(BaseModel):
    """An RFC 9457 problem."""

    model_config = ConfigDict(
        json_schema_extra={
            "additionalProperties": False,
            "examples": [
                {
                    "type": TYPE_BASE + "invalid-request",
                    "title": "The request does not fit its schema",
                    "status": 422,
                    "errors": [
                        {"pointer": "/body/birth_date", "code": "date_parsing", "detail": ""}
                    ],
                }
            ],
        }
    )

    type: str = Field(
        max_length=200,
        description="stable: decide by it (问题类型)",
        examples=[TYPE_BASE + "not-found"],
    )
    title: str = Field(max_length=200, description="for people, in English or Chinese (标题)")
    status: int = Field(ge=400, le=599)
    detail: str = Field(default="", max_length=500, description="for people, in English (说明)")
    errors: list["FlawOut"] = Field(
        default=[], max_length=1000, description="what is wrong, place by place (错误明细)"
    )


class FlawOut(BaseModel):
    """One place that is wrong; never what was sent there."""

    pointer: str = Field(max_length=300, description="JSON pointer (RFC 6901) into the request")
    code: str = Field(max_length=100, description="stable: decide by it (错误代码)")
    detail: str = Field(default="", max_length=300)


PROBLEM_TITLES: Mapping[int, str] = {
    code: HTTPStatus(code).phrase
    for code in (400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428, 429, 503)
}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI ``responses`` for the problem statuses an operation may answer."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
    return {s: {"description": PROBLEM_TITLES[s], "content": content} for s in sorted(statuses)}


def reply(request: Request, problem: Problem) -> JSONResponse:
    chinese = request.headers.get("accept-language", "").lower().startswith("zh")
    headers = dict(problem.headers)
    if problem.status in RETRY_AFTER and "Retry-After" not in headers:
        headers["Retry-After"] = RETRY_AFTER[problem.status]
    headers["Content-Language"] = "zh" if chinese else "en"
    headers["Cache-Control"] = "no-store"
    return JSONResponse(
        problem.body(chinese), status_code=problem.status, media_type=MEDIA_TYPE, headers=headers
    )


def _from_http(error: HTTPException) -> Problem:
    known: dict[int, type[Problem]] = {
        cls.status: cls
        for cls in (
            Malformed,
            Unauthenticated,
            Forbidden,
            NotFound,
            Conflict,
            TooLarge,
            TooMany,
            Unavailable,
        )
    }
    if cls := known.get(error.status_code):
        return cls(headers=dict(error.headers or {}))

    class Other(Problem):
        status = error.status_code
        type = "http-" + str(error.status_code)
        title = HTTPStatus(error.status_code).phrase

    return Other(headers=dict(error.headers or {}))


def _bodies(request: Request) -> list[Any]:
    """The parameters that the operation reads from the body."""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    return list(dependant.body_params) if dependant else []


def _form_of(request: Request, error: Mapping[str, Any]) -> Form | None:
    bodies = _bodies(request) if error["loc"][0] == "body" else []
    return form_of(bodies[0].field_info.annotation) if len(bodies) == 1 else None


def _wants_form(request: Request) -> bool:
    """Whether a form was wanted and something else was sent."""
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return sent not in FORMS and any(
        isinstance(b.field_info, params.Form) for b in _bodies(request)
    )


def install(app: FastAPI) -> None:
    """Make every error of this application a problem."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> JSONResponse:
        return reply(request, error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        raw = error.errors()
        if any(e["type"] == "json_invalid" for e in raw):
            return reply(request, Malformed("The body is not JSON."))
        if _wants_form(request):
            return reply(request, Invalid(NOT_A_FORM))
        flaws = [
            flaw
            for e in raw
            for flaw in flaws_of([e], 1, "/" + str(e["loc"][0]), _form_of(request, e))
        ]
        return reply(request, Invalid(flaws=list(dict.fromkeys(flaws))[:MAX_FLAWS]))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        problem = _from_http(error)
        if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
            problem.headers = {
                **problem.headers,
                "Allow": ", ".join(methods.taken(app, request.scope["path"])),
            }
        return reply(request, problem)
