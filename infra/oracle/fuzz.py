"""Has schemathesis ask the sandboxes what the vendors' own OpenAPI documents allow, and what they do not.

    fuzz.py DOCUMENTS ADDRESS

ADDRESS is a run of doorstep-local whose clock is frozen, so that every run asks the same. Ends with
1 if an answer differs from its document and is not in exceptions.json.
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).parent
SEED = 20260701
# Most cases of one operation in one phase.
EXAMPLES = 60
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "missing_required_header",
    "unsupported_method",
    "use_after_free",
    "ensure_resource_availability",
    "ignored_auth",
]
BASIC = "Basic " + base64.b64encode(b"id:secret").decode()
DOCUMENTS = {"kisi": "kisi.openapi.yml", "salto-ks": "salto_ks.openapi.yml", "spacebring": "spacebring.openapi.yml"}


def salto_token(address):
    form = {"grant_type": "password", "username": "u", "password": "p", "scope": "user_api.full_access"}
    request = urllib.request.Request(
        f"{address}/sandbox/salto-ks/connect/token",
        data=urllib.parse.urlencode(form).encode(),
        headers={"authorization": BASIC},
    )
    with urllib.request.urlopen(request) as answer:
        return "Bearer " + json.load(answer)["access_token"]


def settings(known, left_out):
    """Returns the configuration of a run: it skips what the sandbox does not serve, and most of the ids that it
    sends exist."""
    lines = ["[cache]", "enabled = false"]
    for name, values in known.items():
        lines += [f'[dictionaries."{name}"]', f"values = {json.dumps(values)}"]
    lines += ["[parameters]"]
    lines += [f'"{name}" = {{ dictionary = "{name}", probability = 0.95 }}' for name in known]
    for operation in left_out:
        lines += ["[[operations]]", f"include-name = {json.dumps(operation)}", "enabled = false"]
    return "\n".join(lines) + "\n"


def run(vendor, document, address, folder):
    world = json.loads((HERE / "worlds.json").read_text())[vendor]
    exceptions = json.loads((HERE / "exceptions.json").read_text())
    own = [one for one in exceptions if one["vendor"] == vendor]
    left_out = [name for one in own for name in one.get("left_out", [])]
    known = json.loads((HERE / "known.json").read_text())[vendor]
    (folder / "run.toml").write_text(settings(known, left_out))
    base = f"{address}/sandbox/{vendor}"
    key = {"kisi": lambda _: "KISI-LOGIN key", "salto-ks": salto_token, "spacebring": lambda _: BASIC}[vendor]
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE),
        "SCHEMATHESIS_HOOKS": "fuzz_hooks",
        "FUZZ_BASE": base,
        "FUZZ_WORLD": json.dumps(world),
        "FUZZ_EXCEPTIONS": json.dumps([one["fuzz"] for one in own if "fuzz" in one]),
        "FUZZ_SEEN": str(folder / "seen.json"),
    }
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(folder / "run.toml"), "run", str(document)]
    command += ["--url", base, "--header", f"Authorization: {key(address)}", "--seed", str(SEED), "--workers", "1"]
    command += ["--max-examples", str(EXAMPLES), "--checks", ",".join(CHECKS), "--generation-database", "none"]
    command += ["--continue-on-failure", "--no-color", "--warnings", "off"]
    command += ["--suppress-health-check", "all", "--report", "json", "--report-json-path", str(folder / "report.json")]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
    return done, own


def main(documents, address):
    failed = False
    for vendor, name in DOCUMENTS.items():
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            done, own = run(vendor, pathlib.Path(documents, name).resolve(), address, folder)
            if done.returncode:
                failed = True
                print(done.stdout, done.stderr)
            report = json.loads((folder / "report.json").read_text())
            seen = json.loads((folder / "seen.json").read_text())
        left_out = sum(len(one.get("left_out", [])) for one in own)
        if report["operations"]["tested"] != report["operations"]["total"] - left_out:
            failed = True
            print(f"{vendor}: exceptions.json leaves out an operation that the document does not have")
        never_done = {name for one in own for name in one.get("never_done", [])}
        for label, times in seen["answered"].items():
            if not times and label not in never_done:
                failed = True
                print(f"{vendor}: {label} was never done: give it an id that exists, in known.json")
        for text, times in seen["found"].items():
            print(f"{vendor}: {text} ({times} times)")
        print(
            f"{vendor}: {report['test_cases']['generated']} calls of {report['operations']['tested']} operations by "
            f"schemathesis, {report['test_cases']['unique_failures']} answers differ from the document, "
            f"{report['filtered']} excepted"
        )
        for one in own:
            if "fuzz" in one and one["fuzz"] not in seen["used"]:
                print(f"an exception is not needed any more: {vendor}: {one['fuzz']}")
    sys.exit(failed)


main(*sys.argv[1:])
