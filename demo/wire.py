"""The part of the OpenAI chat-completions format that provider, gateway and clients speak.

Requests ignore fields we do not know, as every OpenAI-compatible server must; the fields we do know are
typed and bounded.
"""

from typing import Annotated, Literal

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

STREAM_END = b"data: [DONE]\n\n"
EVENT_STREAM = "text/event-stream; charset=utf-8"


class _Incoming(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Message(_Incoming):
    """One turn of the conversation."""

    role: Literal["developer", "system", "user", "assistant"]
    content: Annotated[str, Field(max_length=200_000)]


class StreamOptions(_Incoming):
    """What a streaming client wants besides the text."""

    include_usage: bool = False


class ChatRequest(_Incoming):
    """The body of `POST /v1/chat/completions`."""

    model: Annotated[str, Field(min_length=1, max_length=64)]
    messages: Annotated[tuple[Message, ...], Field(min_length=1, max_length=64)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_completion_tokens: Annotated[int, Field(ge=1, le=32_768)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=32_768)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None

    @property
    def output_tokens_max(self) -> int | None:
        """The client's cap on output tokens, under its present or its former name."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def wants_usage(self) -> bool:
        """Whether a streaming client asked for the usage chunk."""
        return self.stream_options is not None and self.stream_options.include_usage


class PromptDetails(_Incoming):
    """How the input tokens divide."""

    cached_tokens: Annotated[int, Field(ge=0)] = 0


class CompletionDetails(_Incoming):
    """How the output tokens divide."""

    reasoning_tokens: Annotated[int, Field(ge=0)] = 0


class Usage(_Incoming):
    """Tokens of one completion; cached ones are part of the prompt's, reasoning ones of the completion's."""

    prompt_tokens: Annotated[int, Field(ge=0)]
    completion_tokens: Annotated[int, Field(ge=0)]
    total_tokens: Annotated[int, Field(ge=0)]
    prompt_tokens_details: PromptDetails = PromptDetails()
    completion_tokens_details: CompletionDetails = CompletionDetails()


class Choice(_Incoming):
    """What the gateway reads of a choice; the rest passes through untouched."""

    finish_reason: str | None = None


class Answer(_Incoming):
    """What the gateway reads of a completion or of a chunk of one; the rest passes through untouched."""

    id: str = ""
    model: str = ""
    choices: tuple[Choice, ...] = ()
    usage: Usage | None = None


def error(status: int, kind: str, message: str, *, retry_after_s: float | None = None) -> JSONResponse:
    """An error in OpenAI's shape; `retry_after_s` is rounded up to the whole seconds the header can say."""
    headers = {} if retry_after_s is None else {"Retry-After": str(max(1, -int(-retry_after_s // 1)))}
    return JSONResponse(
        {"error": {"message": message, "type": kind, "code": kind}}, status_code=status, headers=headers
    )
