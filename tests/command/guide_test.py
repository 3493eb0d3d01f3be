#!/usr/bin/env python3
"""Runs the commands of docs/guide/*.md, and those of docs/methods/*.md that are marked as such, as a reader would type them.

A fenced block ```sh is run with bash in a scratch folder that holds links to questionnaires/ and datasets/; a page goes on in the same
folder from block to block. ```sh exit=1 expects that status. A block ```output after it lists lines that must stand in what was
printed (blanks collapsed; a line "..." stands for anything)."""
import os
import re
import shutil
import subprocess
import sys

FENCE = re.compile(r"^```(\w*)[ ]*(.*?)\n(.*?)^```\s*$", re.M | re.S)


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def run_page(page, command, scratch):
    folder = os.path.join(scratch, os.path.basename(page)[:-3])
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "bin"))
    os.symlink(os.path.abspath(command), os.path.join(folder, "bin", "survey"))
    for name in ("questionnaires", "datasets", "docs", "script", "tests", "libsurvey"):
        os.symlink(os.path.abspath(name), os.path.join(folder, name))
    environment = dict(os.environ, PATH=os.path.join(folder, "bin") + os.pathsep + os.environ["PATH"], NO_COLOR="1", LC_ALL="C.UTF-8")
    printed, failures, blocks = "", 0, 0
    with open(page, encoding="utf-8") as source:
        text = source.read()
    for kind, info, body in FENCE.findall(text):
        if kind == "sh":
            blocks += 1
            wanted = int((re.findall(r"exit=(\d+)", info) or ["0"])[0])
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", body], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
            printed = done.stdout.decode("utf-8", "replace")
            if done.returncode != wanted:
                print(f"{page}: exit status {done.returncode}, not {wanted}:\n{body}{printed}")
                failures += 1
        elif kind == "output":
            for line in body.splitlines():
                if squeeze(line) not in ("", "...") and squeeze(line) not in squeeze(printed):
                    print(f"{page}: not printed: {line}\n--- printed:\n{printed}")
                    failures += 1
                    break
    if blocks == 0:
        print(f"{page}: has no command to run")
        failures += 1
    print(f"{page}: {blocks} blocks")
    return failures


def main():
    command, scratch = sys.argv[1], os.path.abspath(sys.argv[2])
    pages = sorted(os.path.join("docs/guide", name) for name in os.listdir("docs/guide") if name.endswith(".md"))
    if len(pages) < 4:
        sys.exit("docs/guide has not a page for every role")
    for name in sorted(os.listdir("docs/methods")):
        with open(os.path.join("docs/methods", name), encoding="utf-8") as source:
            if "\n```sh" in source.read():
                pages.append(os.path.join("docs/methods", name))
    sys.exit(1 if sum(run_page(page, command, scratch) for page in pages) else 0)


if __name__ == "__main__":
    main()
