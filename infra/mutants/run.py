"""Runs every mutant of a list against tests, from one build: run.py --help."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import time

from switches import MODULE, mutants_of, Writer

# The deadline of one test process in seconds. A mutant that makes a test run longer is caught.
DEADLINE = 120


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", required=True, help="the output of cargo mutants --list --json")
    parser.add_argument("--tree", required=True, help="the folder of the instrumented copy")
    parser.add_argument("--build", required=True, help="the command that builds the tests, in the copy")
    parser.add_argument("--arguments", default="", help="arguments of the test binaries")
    parser.add_argument("--only", default="", help="a report: its missed mutants only")
    parser.add_argument("--report", required=True, help="where the report is written")
    parser.add_argument("--jobs", type=int, default=1)
    return parser.parse_args()


def copied(tree):
    """Copies what git tracks or could track, so that the tree builds the same crates."""
    tree.mkdir(parents=True, exist_ok=True)
    listed = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard", "-z"])
    for name in listed.decode().split("\0"):
        source, target = pathlib.Path(name), tree / name
        if not name or not source.is_file():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != source.read_bytes():
            shutil.copyfile(source, target)
            shutil.copymode(source, target)


def write(tree, name, mutants):
    """Writes a file with its mutants into the copy."""
    source = pathlib.Path(name).read_bytes()
    written = Writer(source, mutants).written()
    (tree / name).write_bytes(written.text)
    return written


def errors(build, tree):
    """Builds. Returns the binaries, or the places of the errors."""
    command = shlex.split(build) + ["--no-run", "--message-format=json"]
    done = subprocess.run(command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    binaries, places, texts = [], [], []
    for line in done.stdout.splitlines():
        message = json.loads(line)
        if message["reason"] == "compiler-artifact" and message["profile"]["test"] and message["executable"]:
            package = message["manifest_path"]
            binaries.append((message["executable"], str(pathlib.Path(package).parent)))
        if message["reason"] == "compiler-message" and message["message"]["level"] == "error":
            texts.append(message["message"]["rendered"])
            spans = message["message"]["spans"]
            for child in message["message"]["children"]:
                spans = spans + child["spans"]
            for span in spans:
                while span:
                    places.append((span["file_name"], span["byte_start"], span["byte_end"], span["is_primary"]))
                    span = (span["expansion"] or {}).get("span")
    if done.returncode and not texts:
        sys.exit(done.stderr)
    return (None, places, texts) if texts else (binaries, [], [])


def blamed(written, places, primary):
    """Returns the mutants at the places of errors."""
    found = set()
    for name, start, end, is_primary in places:
        if name not in written or primary and not is_primary:
            continue
        inside = [one for one in written[name].ranges if one[0] <= start and end <= one[1]]
        found |= {number for _, _, number in inside}
    return found


def built(options, tree, mutants):
    """Builds with all mutants, without those that do not compile. Returns binaries and the rest."""
    unviable = set()
    while True:
        written = {
            name: write(tree, name, [one for one in all if one.number not in unviable])
            for name, all in mutants.items()
        }
        for root in {crate(name) for name in mutants}:
            text = pathlib.Path(root).read_text() if root not in written else (tree / root).read_text()
            (tree / root).write_text(text + MODULE)
        began = time.time()
        binaries, places, texts = errors(options.build, tree)
        placed = set().union(*(one.placed for one in written.values()))
        if binaries is not None:
            return binaries, placed, unviable
        wrong = blamed(written, places, True) or blamed(written, places, False)
        print(f"{len(wrong)} do not compile as a switch ({time.time() - began:.0f} s)", flush=True)
        if not wrong:
            sys.exit("\n".join(texts))
        unviable |= wrong


def crate(name):
    """Returns the root file of the crate of a file."""
    for folder in pathlib.Path(name).parents:
        if (folder / "Cargo.toml").exists():
            return str(folder / "lib.rs")
    raise FileNotFoundError(name)


def outcome(number, binaries, options):
    """Returns how the tests end with this mutant on: caught, missed or timeout, and by which test."""
    for binary, folder in binaries:
        environment = dict(os.environ, MUTANT=str(number), CARGO_MANIFEST_DIR=folder, RUST_BACKTRACE="0")
        command = [binary, *shlex.split(options.arguments)]
        process = subprocess.Popen(
            command, cwd=folder, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        with concurrent.futures.ThreadPoolExecutor(1) as reader:
            failed = reader.submit(first_failure, process)
            try:
                name = failed.result(timeout=DEADLINE)
            except concurrent.futures.TimeoutError:
                os.killpg(process.pid, 9)
                return "timeout", None
        if name or process.wait():
            return "caught", name
    return "missed", None


def first_failure(process):
    """Reads until a test fails, and ends the process. Returns its name."""
    for line in process.stdout:
        if line.startswith("test ") and line.rstrip().endswith("FAILED"):
            os.killpg(process.pid, 9)
            return line.split()[1]
    return None


def main():
    options = arguments()
    tree = pathlib.Path(options.tree).absolute()
    listed = list(enumerate(json.load(open(options.list)), 1))
    if options.only:
        wanted = {one["name"] for one in json.load(open(options.only)) if one["outcome"] in ("missed",)}
        listed = [(number, one) for number, one in listed if one["name"] in wanted]
    names = sorted({one["file"] for _, one in listed})
    mutants = {
        name: mutants_of(pathlib.Path(name).read_bytes(), [pair for pair in listed if pair[1]["file"] == name])
        for name in names
    }
    copied(tree)
    binaries, placed, unviable = built(options, tree, mutants)
    assert outcome(0, binaries, options)[0] == "missed", "the tests fail without a mutant"
    runs = [(number, one) for number, one in listed if number in placed and number not in unviable]
    print(f"{len(listed)} mutants, {len(runs)} as switches; {len(unviable)} do not compile", flush=True)
    report = [dict(name=one["name"], outcome="unviable") for number, one in listed if number in unviable]
    report += [dict(name=one["name"], outcome="unplaced") for number, one in listed if number not in placed | unviable]
    began = time.time()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        outcomes = pool.map(lambda pair: outcome(pair[0], binaries, options), runs)
        for (number, one), (ended, test) in zip(runs, outcomes):
            report.append(dict(name=one["name"], outcome=ended, test=test))
            if ended == "missed":
                print(f"MISSED {one['name']}", flush=True)
    counts = {}
    for one in report:
        counts[one["outcome"]] = counts.get(one["outcome"], 0) + 1
    pathlib.Path(options.report).write_text(json.dumps(report, indent=1))
    print(f"{counts} in {time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
