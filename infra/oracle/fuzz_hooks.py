"""Hooks of schemathesis for fuzz.py: each operation begins with the same world, and what
exceptions.json excepts is no failure."""

import atexit
import collections
import json
import os
import pathlib
import re
import urllib.request

import schemathesis

BASE, WORLD = os.environ["FUZZ_BASE"], os.environ["FUZZ_WORLD"].encode()
EXCEPTIONS = [re.compile(text) for text in json.loads(os.environ["FUZZ_EXCEPTIONS"])]
# What Kisi's metadata may have.
FLAT = {"type": ["string", "number", "boolean", "null"]}
used, found, answered = set(), collections.Counter(), collections.Counter()
last = None


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Says what the documents leave out. Dates of visits have the form date[gte]: what OpenAPI has without a form
    (gte=) cannot tell two of them apart. The sandboxes want a body, in JSON, and refuse unknown fields and empty
    names, so that an error of Doorstep shows."""
    for path in raw_schema["paths"].values():
        for parameter in path.get("get", {}).get("parameters", []):
            if parameter.get("schema", {}).get("type") == "object":
                parameter.update(style="deepObject", explode=True)
        for operation in path.values():
            if isinstance(operation, dict) and "requestBody" in operation:
                json_body = operation["requestBody"]["content"]["application/json"]
                content = {"application/json": closed(json_body, raw_schema)}
                operation["requestBody"] = {"required": True, "content": content}


def closed(node, root):
    """Returns a part of a body without references, unknown fields and empty required texts."""
    if isinstance(node, list):
        return [closed(one, root) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        found = root
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return closed(found, root)
    copy = {key: closed(value, root) for key, value in node.items()}
    if copy.get("type") == "object":
        copy.setdefault("additionalProperties", False if "properties" in copy else FLAT)
        for name in copy.get("required", []):
            if copy["properties"][name].get("type") == "string":
                copy["properties"][name].setdefault("minLength", 1)
    return copy


@schemathesis.hook
def before_call(context, case, kwargs):
    """Restores the world. A chain of calls keeps what its calls before have made."""
    global last
    phase = case.meta.phase.name.value if case.meta else ""
    now = phase if phase == "stateful" else (phase, case.operation.label)
    if now != last:
        last = now
        urllib.request.urlopen(urllib.request.Request(f"{BASE}/_world", data=WORLD, method="PUT")).close()


@schemathesis.hook
def after_call(context, case, response):
    answered[case.operation.label] += response.status_code < 300


@schemathesis.hook
def filter_failure(context, failure, case, response):
    text = difference(failure, case, response)
    for pattern in EXCEPTIONS:
        if pattern.search(text):
            used.add(pattern.pattern)
            return False
    found[text] += 1
    return True


def difference(failure, case, response):
    """Returns what differs, as exceptions match it: kind, call, status, what was special in the request, and the
    refusal."""
    data = case.meta.phase.data if case.meta else None
    about = [getattr(data, name, None) for name in ("parameter_location", "parameter", "description")]
    about = " ".join(str(getattr(one, "value", one)) for one in about if one)
    answer = response.text if response.status_code >= 400 else getattr(failure, "validation_message", "")
    text = f"{type(failure).__name__} {case.operation.label}: {response.status_code}: {about}: {answer}"
    return " ".join(text.split())


@atexit.register
def write():
    seen = {"used": sorted(used), "found": dict(sorted(found.items())), "answered": dict(answered)}
    pathlib.Path(os.environ["FUZZ_SEEN"]).write_text(json.dumps(seen))
