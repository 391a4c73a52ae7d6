"""What every case may use: kpl, folders of its own, and what is installed from registries."""

import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys

# What scripts find in their Python environment.
SCRIPTS_NEED = ("pre-commit>=4", "jsonschema>=4")


class Skip(Exception):
    """What the case needs is not there; says what."""


class Environment:
    def __init__(self, root):
        self.root = root
        self.target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target")) / "e2e"
        self.target.mkdir(parents=True, exist_ok=True)
        # A copy: a case may build kpl otherwise.
        self.binary = self.target / "kpl"
        shutil.copy2(self.target.parent / "debug" / "kpl", self.binary)

    def folder(self, name):
        """An empty folder under target/e2e."""
        path = self.target / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def kpl(self, *arguments):
        """Runs kpl; gives the exit code, stdout and stderr."""
        run = subprocess.run([self.binary, *map(str, arguments)], capture_output=True, text=True, cwd=self.target)
        return run.returncode, run.stdout, run.stderr

    def check(self, *arguments):
        """What `kpl check --format json` reports; a run that could not be done fails the case."""
        code, out, complaint = self.kpl("check", "--format", "json", *arguments)
        assert code in (0, 1), f"kpl ended with {code}: {complaint}"
        return json.loads(out)

    @functools.lru_cache(maxsize=None)
    def venv(self, name, *packages):
        """A Python environment with packages from the registry, made once; gives its python."""
        folder = self.target / name
        python = folder / "bin" / "python"
        mark = folder / "installed"
        wanted = "\n".join(packages)
        if not mark.exists() or mark.read_text() != wanted:
            shutil.rmtree(folder, ignore_errors=True)
            for command in (
                [sys.executable, "-m", "venv", folder],
                [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", *packages],
            ):
                done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
                if done.returncode:
                    raise Skip(f"cannot install {', '.join(packages)}: {done.stderr.strip().splitlines()[-1:]}")
            mark.write_text(wanted)
        return python

    def script(self, path):
        """Runs a case that is a shell script."""
        scratch = self.folder(path.stem)
        venv = self.venv("venv", *SCRIPTS_NEED).parent.parent
        given = {"ROOT": self.root, "WORK": self.target, "SCRATCH": scratch, "KPL": self.binary, "VENV": venv}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", path],
            cwd=scratch,
            env={**os.environ, **{name: str(value) for name, value in given.items()}},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode == 77:
            raise Skip((done.stdout.strip().splitlines() or ["no reason given"])[-1])
        assert done.returncode == 0, f"exit {done.returncode}:\n{done.stdout}"
