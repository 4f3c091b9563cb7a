"""Compares a log of calls and answers with the vendors' own OpenAPI documents.

    wire.py LOG DOCUMENTS

LOG has a line of JSON for each call to a sandbox. DOCUMENTS is the folder of the documents. Prints
each kind of difference once, and ends with 1 if one is not in exceptions.json.
"""

import collections
import json
import pathlib
import re
import sys

import yaml
from jsonschema import Draft202012Validator

DOCUMENTS = {
    "kisi": ("kisi.openapi.yml", ""),
    "salto-ks": ("salto_ks.openapi.yml", ""),
    "spacebring": ("spacebring.openapi.yml", ""),
}


class Document:
    """One OpenAPI document."""

    def __init__(self, path):
        self.root = yaml.safe_load(path.read_text())
        self.operations = []
        for template, methods in self.root["paths"].items():
            pattern = re.compile("^" + re.sub(r"\{[^}]+\}", "[^/]+", template) + "$")
            shared = methods.get("parameters", [])
            for method, operation in methods.items():
                if method in ("get", "post", "put", "patch", "delete"):
                    self.operations.append((template.count("{"), pattern, method.upper(), template, operation, shared))
        self.operations.sort(key=lambda one: one[0])
        self.schemas = {}

    def find(self, method, path):
        for _, pattern, verb, template, operation, shared in self.operations:
            if verb == method and pattern.match(path):
                return template, operation, shared
        return None

    def resolved(self, node):
        while isinstance(node, dict) and "$ref" in node:
            found = self.root
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def schema(self, node, depth=0):
        """Returns a schema without references, with `nullable` as a type."""
        node = self.resolved(node)
        if depth > 14 or not isinstance(node, dict):
            return {} if depth > 14 else node
        plain = {}
        for key, value in node.items():
            if key in ("properties", "patternProperties"):
                plain[key] = {name: self.schema(one, depth + 1) for name, one in value.items()}
            elif key in ("items", "additionalProperties", "not"):
                plain[key] = self.schema(value, depth + 1)
            elif key in ("allOf", "anyOf", "oneOf"):
                plain[key] = [self.schema(one, depth + 1) for one in value]
            elif key not in ("nullable", "example", "examples", "description", "discriminator", "xml"):
                plain[key] = value
        if node.get("nullable"):
            if isinstance(plain.get("type"), str):
                plain["type"] = [plain["type"], "null"]
            if "enum" in plain:
                plain["enum"] = plain["enum"] + [None]
        return plain

    def validator(self, node):
        key = id(node)
        if key not in self.schemas:
            self.schemas[key] = Draft202012Validator(self.schema(node))
        return self.schemas[key]


def json_schema(document, holder):
    content = document.resolved(holder).get("content", {})
    for kind, body in content.items():
        if "json" in kind and "schema" in body:
            return body["schema"]
    return None


def place(error):
    return "/".join("*" if isinstance(part, int) else str(part) for part in error.absolute_path)


def differences(document, call):
    """Yields what differs between one call and the document."""
    found = document.find(call["method"], call["path"])
    if found is None:
        yield "path", f"{call['method']} {call['path']} is not in the document"
        return
    template, operation, shared = found
    name = f"{call['method']} {template}"
    parameters = [document.resolved(one) for one in shared + operation.get("parameters", [])]
    known = {one["name"]: one for one in parameters if one["in"] == "query"}
    sent = {key for key, _ in call["query"]}
    for key in sorted(sent):
        if key not in known and key.split("[")[0] not in known:
            yield "request", f"{name}: the parameter {key} is not in the document"
    for key, one in known.items():
        if one.get("required") and key not in sent:
            yield "request", f"{name}: the parameter {key} is missing"
    body = operation.get("requestBody")
    if body and call["body"] is not None and "json" in (call["type"] or "") and call["status"] < 400:
        schema = json_schema(document, body)
        if schema:
            for error in document.validator(schema).iter_errors(call["body"]):
                yield "request", f"{name}: body {place(error)}: {error.validator} {short(error)}"
    responses = operation.get("responses", {})
    status = str(call["status"])
    answer = responses.get(status) or responses.get(status[0] + "XX") or responses.get("default")
    if answer is None:
        yield "status", f"{name}: the status {status} is not in the document"
        return
    schema = json_schema(document, answer)
    if schema and call["answer"] is not None:
        for error in document.validator(schema).iter_errors(call["answer"]):
            yield "answer", f"{name} {status}: {place(error)}: {error.validator} {short(error)}"


def short(error):
    if error.validator == "additionalProperties":
        return ", ".join(sorted(set(error.instance) - set(error.schema.get("properties", {}))))
    value = error.validator_value
    return json.dumps(value)[:80] if error.validator in ("type", "enum", "required", "format") else ""


def main(log, folder):
    folder = pathlib.Path(folder)
    missing = [name for name, _ in DOCUMENTS.values() if not (folder / name).is_file()]
    if missing:
        sys.exit(f"{folder} lacks {', '.join(missing)}: set DOCUMENTS to the folder that has the vendors' documents")
    documents = {vendor: Document(folder / name) for vendor, (name, _) in DOCUMENTS.items()}
    exceptions = json.loads((pathlib.Path(__file__).parent / "exceptions.json").read_text())
    # The others are of fuzz.py.
    exceptions = [one for one in exceptions if "difference" in one]
    allowed = [(one["vendor"], re.compile(one["difference"])) for one in exceptions]
    used, counts, found = set(), collections.Counter(), collections.Counter()
    with open(log, encoding="utf-8") as lines:
        for line in lines:
            call = json.loads(line)
            document = documents.get(call["vendor"])
            if document is None:
                continue
            counts[call["vendor"]] += 1
            for kind, text in differences(document, call):
                matches = [n for n, (vendor, pattern) in enumerate(allowed) if vendor == call["vendor"] and pattern.search(text)]
                if matches:
                    used.update(matches)
                else:
                    found[(call["vendor"], kind, text)] += 1
    for (vendor, kind, text), times in sorted(found.items()):
        print(f"{vendor}: {kind}: {text} ({times} times)")
    for vendor, count in sorted(counts.items()):
        print(f"{vendor}: {count} calls and their answers were compared with the document")
    unused = [exceptions[n]["difference"] for n in range(len(allowed)) if n not in used]
    for text in unused:
        print(f"an exception is not needed any more: {text}")
    if found or not all(counts[vendor] for vendor in DOCUMENTS):
        sys.exit(1)


main(*sys.argv[1:])
