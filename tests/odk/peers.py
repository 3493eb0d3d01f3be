"""The programs of the ODK world that tests compare with: installed with npm into the build tree, once."""
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77    # what CMake's SKIP_RETURN_CODE says


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def install(folder):
    """A folder with our scripts and everything that they import. Ends the test as skipped where that is not possible."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for program in "node", "npm":
        if not shutil.which(program):
            skip(f"{program} is not installed (script/bootstrap installs it)")
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)    # several presets' tests may run at once
        wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
        stamp = folder / "installed"
        for name in "package.json", "package-lock.json":
            shutil.copy(HERE / name, folder)
        for script in HERE.glob("*.mjs"):
            shutil.copy(script, folder)
        if not stamp.exists() or stamp.read_text() != wanted:
            done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, capture_output=True, text=True)
            if done.returncode != 0:
                skip("npm cannot install the packages of tests/odk/package.json: " + (done.stderr.strip().splitlines() or ["no reason given"])[-1])
            stamp.write_text(wanted)
    return folder


def node(folder, script, *arguments, **options):
    """Runs one of our scripts. Universal time, so that dates do not depend on where the test runs."""
    return subprocess.run(["node", "--max-old-space-size=3000", script, *map(str, arguments)], cwd=folder, env={**os.environ, "TZ": "UTC"}, **options)
