"""The ``webhooks`` section of the OpenAPI document: what receivers get."""

from typing import Any

from services.notifications.feed.schemas import CASE_EXAMPLE, NOTICE_EXAMPLE, UPDATED_EXAMPLE

_HEADERS = [
    ("webhook-id", "Stays the same over all attempts: keep it with your effect."),
    (
        "webhook-timestamp",
        "Unix seconds of this attempt; refuse what is more than five minutes off.",
    ),
    (
        "webhook-signature",
        "`v1a,` and an Ed25519 signature over `id.timestamp.body`; one for each live key.",
    ),
]


def _webhook(summary: str, description: str, example: dict[str, Any]) -> dict[str, Any]:
    return {
        "post": {
            "summary": summary,
            "description": description,
            "parameters": [
                {
                    "in": "header",
                    "name": name,
                    "required": True,
                    "description": description_of,
                    "schema": {"type": "string", "maxLength": 1000},
                }
                for name, description_of in _HEADERS
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/cloudevents+json": {
                        "schema": {"$ref": "#/components/schemas/ItemOut"},
                        "example": example,
                    }
                },
            },
            "responses": {
                "2XX": {"description": "Taken over."},
                "410": {"description": "Gone: the subscription is disabled."},
                "default": {"description": "Tried again, for more than eight days."},
            },
        }
    }


WEBHOOKS = {
    "childUpdated": _webhook(
        "Something about a child is new",
        "Neutral on purpose: neither the child nor what happened can be read from it.  Read the child by its"
        " reference at the registry.  Items of one lane come in order of `number`, one at a time.",
        UPDATED_EXAMPLE,
    ),
    "notice": _webhook(
        "There is a notice for you",
        "Read it at `/v1/notices/{notice_id}`.",
        NOTICE_EXAMPLE,
    ),
    "caseWaiting": _webhook(
        "A case waits for your department",
        "It was sent to you, or its time has passed; civil affairs (民政) of the place is told of the latter too.  Neither the"
        " child nor what it is about can be read from it: read the case at the registry, `/v1/cases/{case_id}`.",
        CASE_EXAMPLE,
    ),
}
