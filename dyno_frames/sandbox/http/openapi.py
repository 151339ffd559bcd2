"""Generate the OpenAPI 3.1 document of the API from the contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from dyno_frames.contract.envelope import MESSAGES, Code
from dyno_frames.contract.fields import Field, Wire
from dyno_frames.contract.filters import ASCENDING, DESCENDING, FilterKey, NumberOperator, StringOperator
from dyno_frames.contract.lifecycle import RULES, Status
from dyno_frames.contract.operations import API_KEY_HEADER, OPERATIONS, Operation
from dyno_frames.contract.resources import ONE_LINE, RESOURCES, Resource

VERSION: Final = "3.1.0"

Json: TypeAlias = dict[str, Any]

_STRING: Final[Json] = {"type": "string"}
_NULLABLE_STRING: Final[Json] = {"type": ["string", "null"]}
_CONTROLS: Final = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
_LINE: Final = rf"^[^{_CONTROLS}]*$"
_NAME: Final = rf"^[^{_CONTROLS}]*[^\s{_CONTROLS}][^{_CONTROLS}]*$"
_ZONE: Final = "time_zone"

_SUMMARIES: Final = {
    "get": "Get one by its id",
    "create": "Create one",
    "update": "Change info",
    "delete": "Delete one",
    "find": "Find rows by a flat filter",
    "count": "Count the rows of a flat filter",
}


def openapi_document(url: str = "/") -> Json:
    """Return the document for a server at this URL.

    Examples
    --------
    >>> sorted(openapi_document()["paths"]["/campaigns/find"])
    ['post']
    """
    paths: dict[str, Json] = {}
    for operation in OPERATIONS.values():
        paths.setdefault(operation.path, {})[operation.verb.lower()] = _operation(operation)
    return {
        "openapi": VERSION,
        "info": {
            "title": "Dyno e-mail marketing API (sandbox)",
            "version": "1.0.0",
            "description": "A practice server with its own rows. It sends mail only to the server that it was given.",
        },
        "servers": [{"url": url}],
        "security": [{"key": []}],
        "tags": [{"name": name} for name in (*RESOURCES, "campaign_process")],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": API_KEY_HEADER}},
            "schemas": _schemas(),
            "responses": _responses(),
        },
    }


def _operation(operation: Operation) -> Json:
    resource, _, verb = operation.name.partition(".")
    is_action = verb in RULES
    described: Json = {
        "operationId": operation.name,
        "tags": ["campaign_process" if is_action else resource],
        "summary": f"{verb.replace('_', ' ').capitalize()} a campaign" if is_action else _SUMMARIES[verb],
        "responses": {
            "200": _answer(_payload(resource, verb, is_action=is_action)),
            "429": {"$ref": "#/components/responses/SlowDown"},
            "500": {"$ref": "#/components/responses/RequestError"},
        },
    }
    if "{id}" in operation.path:
        described["parameters"] = [
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        ]
    if operation.verb in {"POST", "PUT"}:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _body(resource, verb, is_action=is_action)}},
        }
    return described


def _answer(payload: Json) -> Json:
    envelope = {
        "type": "object",
        "required": ["has_error", "error_code", "data"],
        "properties": {"has_error": {"const": False}, "error_code": {"const": ""}, "data": payload},
        "additionalProperties": False,
    }
    return {"description": "Accepted", "content": {"application/json": {"schema": envelope}}}


def _payload(resource: str, verb: str, *, is_action: bool) -> Json:
    if verb == "get":
        return _ref(_row_name(resource))
    if verb == "find":
        return {"type": "array", "items": _ref(f"{_row_name(resource)}Part")}
    if verb == "count":
        return {
            "type": "object",
            "required": ["count"],
            "properties": {"count": {"type": "integer", "minimum": 0}},
            "additionalProperties": False,
        }
    more: Json = {"note": _STRING} if is_action else {}
    return {
        "type": "object",
        "required": ["id"],
        "properties": {"id": _STRING, **more},
        "additionalProperties": False,
    }


def _body(resource: str, verb: str, *, is_action: bool) -> Json:
    if is_action:
        return _ref(_action_name(verb))
    if verb in {"find", "count"}:
        return _ref(f"{_row_name(resource)}Filter")
    return _ref(f"{_row_name(resource)}{'Create' if verb == 'create' else 'Change'}")


def _schemas() -> dict[str, Json]:
    schemas: dict[str, Json] = {}
    for resource in RESOURCES.values():
        name = _row_name(resource.name)
        schemas[name] = _row(resource, whole=True)
        schemas[f"{name}Part"] = _row(resource, whole=False)
        schemas[f"{name}Create"] = _edit(resource, required=["name"])
        schemas[f"{name}Change"] = _edit(resource, required=[])
        schemas[f"{name}Filter"] = _filter(resource)
    schemas |= {_action_name(str(action)): _action(str(action)) for action in RULES}
    schemas["StringCondition"] = _condition(_STRING, StringOperator)
    schemas["NumberCondition"] = _condition({"type": "number"}, NumberOperator)
    return schemas


def _row(resource: Resource, *, whole: bool) -> Json:
    row: Json = {
        "type": "object",
        "properties": {field.name: _value(field) for field in resource.fields},
        "not": {"anyOf": [{"required": [name]} for name in resource.write_only]},
    }
    if not resource.write_only:
        del row["not"]
    if whole:
        row["required"] = ["id"]
    return row


def _value(field: Field) -> Json:
    kind: Any = "number" if field.wire is Wire.NUMBER else "string"
    schema: Json = {"type": [kind, "null"] if field.nullable else kind}
    if field.name == "status":
        # a loaded row may have another status
        schema["examples"] = [str(status) for status in Status]
    return schema


def _edit(resource: Resource, *, required: list[str]) -> Json:
    properties: Json = {}
    for field in resource.fields:
        if field.server_set:
            continue
        properties[field.name] = (
            dict(_NULLABLE_STRING) if field.nullable else {"type": "string", "pattern": _NAME}
        )
        if field.nullable and field.name in ONE_LINE:
            properties[field.name]["pattern"] = _LINE
        if field.name == _ZONE:
            properties[field.name] = {
                "enum": [None, "UTC", "Europe/Paris", "America/New_York", "Asia/Ho_Chi_Minh"]
            }
    for name in resource.write_only:
        properties[name] = {"type": "array", "items": {"type": "string", "format": "email"}}
    properties |= dict.fromkeys(sorted(resource.server_set), False)
    schema: Json = {"type": "object", "properties": properties, "required": required}
    if not required:
        schema["minProperties"] = 1
    return schema | {"propertyNames": {"not": {"pattern": "^application_"}}}


def _filter(resource: Resource) -> Json:
    properties: Json = {
        field.name: _ref("NumberCondition" if field.wire is Wire.NUMBER else "StringCondition")
        for field in resource.fields
    }
    names = list(resource.names)
    properties |= {
        str(FilterKey.FIELDS): {"type": "array", "minItems": 1, "items": {"enum": names}},
        str(FilterKey.LIMIT): {"type": "integer", "minimum": 0},
        str(FilterKey.OFFSET): {"type": "integer", "minimum": 0},
        str(FilterKey.ORDER_BY): {"enum": names},
        str(FilterKey.ORDER_DIRECTION): {"enum": [ASCENDING, DESCENDING]},
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _condition(value: Json, operators: type[StringOperator | NumberOperator]) -> Json:
    objects = {
        "type": "object",
        "properties": dict.fromkeys(map(str, operators), value),
        "additionalProperties": False,
        "minProperties": 1,
    }
    return {"anyOf": [value, objects]}


def _action(name: str) -> Json:
    rule = next(rule for action, rule in RULES.items() if str(action) == name)
    properties: Json = {rule.id_key: _STRING} | dict.fromkeys(rule.optional, _STRING)
    properties |= {name: _STRING | {"pattern": _LINE} for name in rule.optional if name in ONE_LINE}
    if "iso_start_time" in properties:
        properties["iso_start_time"] = {
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$",
            "examples": ["2027-03-01T09:30:00"],
        }
        properties[_ZONE] = {"type": "string", "examples": ["UTC", "Europe/Paris"]}
    return {
        "type": "object",
        "properties": properties,
        "required": [rule.id_key],
        "additionalProperties": False,
        "description": f"Allowed from {', '.join(sorted(rule.sources))}.",
    }


def _responses() -> dict[str, Json]:
    def envelope(codes: Sequence[Code], *, description: str) -> Json:
        texts = "|".join(MESSAGES[code] for code in codes)
        return {
            "description": description,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["has_error", "error_code", "error message"],
                        "properties": {
                            "has_error": {"const": True},
                            "error_code": {"enum": [str(code) for code in codes]},
                            "error message": {"type": "string", "pattern": f"^({texts})"},
                        },
                        "additionalProperties": False,
                    }
                }
            },
        }

    others = [code for code in Code if code is not Code.SLOW_DOWN]
    slow_down = envelope(
        [Code.SLOW_DOWN], description="Too many requests; Retry-After says when to try again"
    )
    slow_down["headers"] = {"Retry-After": {"schema": {"type": "string"}}}
    return {"RequestError": envelope(others, description="The request is refused"), "SlowDown": slow_down}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _row_name(resource: str) -> str:
    return RESOURCES[resource].singular.capitalize()


def _action_name(action: str) -> str:
    return "".join(word.capitalize() for word in action.split("_"))
