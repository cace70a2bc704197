"""The OpenTelemetry names this system speaks, in one place.

The GenAI conventions are still in development and change between releases, so no other module spells one of
their names. A unit test compares them with the conventions package that the lock file pins. Source:
OpenTelemetry semantic conventions 1.44.0, "Generative AI".
"""

from typing import Final

VERSION: Final = "1.44.0"

# Attributes of GenAI spans and metrics.
OPERATION_NAME: Final = "gen_ai.operation.name"
PROVIDER_NAME: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
REQUEST_MAX_TOKENS: Final = "gen_ai.request.max_tokens"
REQUEST_TEMPERATURE: Final = "gen_ai.request.temperature"
REQUEST_STREAM: Final = "gen_ai.request.stream"
RESPONSE_ID: Final = "gen_ai.response.id"
RESPONSE_MODEL: Final = "gen_ai.response.model"
RESPONSE_FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
RESPONSE_TIME_TO_FIRST_CHUNK: Final = "gen_ai.response.time_to_first_chunk"
TOKEN_TYPE: Final = "gen_ai.token.type"  # noqa: S105 - a kind of token, not a secret
USAGE_INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"  # cached tokens included
USAGE_OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"  # reasoning tokens included
USAGE_CACHE_READ_INPUT_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
USAGE_REASONING_OUTPUT_TOKENS: Final = "gen_ai.usage.reasoning.output_tokens"

OPERATION_CHAT: Final = "chat"
TOKEN_TYPE_INPUT: Final = "input"  # noqa: S105
TOKEN_TYPE_OUTPUT: Final = "output"  # noqa: S105

# GenAI metrics, with their units.
CLIENT_OPERATION_DURATION: Final = "gen_ai.client.operation.duration"  # s
CLIENT_TIME_TO_FIRST_CHUNK: Final = "gen_ai.client.operation.time_to_first_chunk"  # s
CLIENT_TOKEN_USAGE: Final = "gen_ai.client.token.usage"  # {token}  # noqa: S105
SERVER_TIME_TO_FIRST_TOKEN: Final = "gen_ai.server.time_to_first_token"  # s  # noqa: S105

# Stable conventions.
ERROR_TYPE: Final = "error.type"
HTTP_REQUEST_METHOD: Final = "http.request.method"
HTTP_ROUTE: Final = "http.route"
HTTP_RESPONSE_STATUS_CODE: Final = "http.response.status_code"
HTTP_SERVER_REQUEST_DURATION: Final = "http.server.request.duration"  # s
HTTP_SERVER_ACTIVE_REQUESTS: Final = "http.server.active_requests"

# Not in the conventions: whose request it was, and the id that client and server share.
TENANT_ID: Final = "tenant.id"
REQUEST_ID: Final = "http.request.header.x_request_id"
