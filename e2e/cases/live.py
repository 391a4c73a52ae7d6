"""`kpl fetch` against a real moto server, beside the AWS CLI."""

import functools
import json
import os
import shlex
import shutil
import socket
import subprocess
import time
import urllib.request

HERE = __import__("pathlib").Path(__file__).resolve().parent.parent / "live"
PACKAGES = ("moto[server]>=5.2,<6", "awscli>=1.46,<2")


class Account:
    """The account of e2e/live/account.py in a moto server of its own."""

    def __init__(self, environment):
        self.environment = environment
        self.python = environment.venv("moto", *PACKAGES)
        built = subprocess.run(
            ["cargo", "build", "--locked", "--quiet", "--features", "live"],
            cwd=environment.root,
            capture_output=True,
            text=True,
        )
        assert built.returncode == 0, built.stderr
        self.kpl = environment.target / "kpl-live"
        shutil.copy2(environment.target.parent / "debug" / "kpl", self.kpl)
        self.folder = environment.folder("live")
        config = self.folder / "config"
        # As version 2 of the AWS CLI writes dates.
        config.write_text("[default]\ncli_timestamp_format = iso8601\n")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "PATH": f"{self.python.parent}:{os.environ['PATH']}",
            "TZ": "UTC",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(config),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "none"),
        }
        self.server = subprocess.Popen(
            [self.python.parent / "moto_server", "-H", "127.0.0.1", "-p", str(port)],
            env=self.variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.wait(f"http://127.0.0.1:{port}/moto-api/data.json")
        policy = environment.root / "fixtures" / "seed" / "blanks-normalised" / "kasten-iam-policy.json"
        made = self.run(self.python, HERE / "account.py", policy)
        assert made.returncode == 0, made.stderr
        self.key = made.stdout.strip()

    def wait(self, url):
        for _ in range(300):
            try:
                return urllib.request.urlopen(url).read()
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the moto server does not answer")

    def run(self, *command):
        return subprocess.run(
            list(map(str, command)), env=self.variables, cwd=self.folder, capture_output=True, text=True
        )

    def fetched(self, name, *arguments):
        """Fetches into a folder, and holds that each file is what the AWS CLI writes for the call."""
        done = self.run(self.kpl, "fetch", *arguments, "--out", name)
        assert done.returncode == 0, done.stderr + done.stdout
        folder = self.folder / name
        for call in json.loads((folder / "manifest.json").read_text())["calls"]:
            assert call["outcome"] == "fetched", call
            theirs = self.run(*shlex.split(call["call"]), "--output", "json").stdout
            ours = (folder / call["file"]).read_text()
            assert ours == theirs, f"{call['call']}: kpl\n{ours}\nthe AWS CLI\n{theirs}"
        return folder

    def rules(self, folder):
        done = self.run(self.kpl, "check", "--isolated", "--format", "json", folder)
        assert done.returncode in (0, 1), done.stderr
        return {(finding["rule"], finding["file"]) for finding in json.loads(done.stdout)["findings"]}


@functools.lru_cache(maxsize=None)
def account(environment):
    made = Account(environment)
    __import__("atexit").register(made.server.kill)
    return made


def case_account(environment):
    """an account is fetched as the AWS CLI writes it, and checked"""
    of = account(environment)
    folder = of.fetched("account", "account")
    found = of.rules(folder)
    named = {rule for rule, _ in found}
    assert {"condition-key-as-action", "workload-has-kms-star", "key-not-enabled"} <= named, named
    [state] = [file for rule, file in found if rule == "key-not-enabled"]
    assert of.key.rsplit("/", 1)[1] not in state, "the old key waits for its deletion, not the new one"


def case_user(environment):
    """a user is fetched with its groups as the AWS CLI writes it"""
    folder = account(environment).fetched("user", "user", "reader")
    assert (folder / "iam/user/reader/get-user-policy.own+1.json").exists()
    assert (folder / "iam/group/readers/get-group-policy.group.json").exists()
    assert (folder / "iam/policy/shared/get-policy-version.json").exists()


def case_kasten(environment):
    """a set-up of Kasten is fetched by role and alias, and checked as plain files are"""
    of = account(environment)
    folder = of.fetched("kasten", "kasten", "--role", "kasten", "--alias", "kasten")
    assert (folder / "iam/boundary/shared/get-policy-version.json").exists()
    found = {rule for rule, _ in of.rules(folder)}
    plain = of.folder / "plain"
    plain.mkdir()
    seed = environment.root / "fixtures" / "seed" / "blanks-normalised" / "kasten-iam-policy.json"
    shutil.copy(seed, plain)
    in_files = {rule for rule, _ in of.rules(plain)}
    assert in_files <= found, in_files - found
    checked = of.run(of.kpl, "kasten", "check", "--format", "json", folder)
    states = {line["check"]: line["state"] for line in json.loads(checked.stdout)["kasten"]}
    assert states["key"] == "ok" and states["helm"] == "unknown", states


def case_rotation(environment):
    """the script of rotate-plan rotates a key that moto holds, and stops where a person has to act"""
    of = account(environment)
    folder = of.folder / "rotation"
    tools = folder / "tools"
    tools.mkdir(parents=True)
    for name in ("kubectl", "sleep"):
        shutil.copy(HERE.parent / "rotation-double.sh", tools / name)
        (tools / name).chmod(0o755)

    def aws(*words, **given):
        done = of.run("aws", *words, "--output", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    old = aws("kms", "create-key", "--description", "wraps the master key of Kasten")["KeyMetadata"]
    aws("kms", "create-alias", "--alias-name", "alias/backup", "--target-key-id", old["KeyId"])
    role = "arn:aws:iam::123456789012:role/kasten"
    made = of.run(
        *(of.kpl, "kasten", "generate", "--role", role, "--key", old["Arn"], "--alias", "backup"),
        *("--oidc-provider", "oidc.eks.us-east-1.amazonaws.com/id/ABC", "--out", folder / "set-up"),
    )
    assert made.returncode == 0, made.stderr
    listed = of.run("aws", "kms", "list-aliases", "--output", "json").stdout
    (folder / "set-up" / "list-aliases.json").write_text(listed)
    planned = of.run(of.kpl, "kasten", "rotate-plan", folder / "set-up", "--format", "shell", "--explain")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    script = folder / "rotate.sh"
    script.write_text(planned.stdout)
    for shell in ("bash", "sh"):
        assert subprocess.run([shell, "-n", script]).returncode == 0, shell
    log = folder / "log"

    def rotate(typed, **more):
        variables = {**of.variables, **more, "LOG": str(log), "FOLDER": str(folder), "PATH": f"{tools}:{of.variables['PATH']}"}
        return subprocess.run(
            ["bash", script], input=typed, env=variables, cwd=folder, capture_output=True, text=True, timeout=1200
        )

    # Nobody is there: it stops at the first thing that a person has to do, before any alias moves.
    alone = rotate("")
    assert alone.returncode != 0
    [made] = [line.split()[-1] for line in alone.stdout.splitlines() if line.startswith("the new key is ")]
    aliases = {a["AliasName"]: a.get("TargetKeyId") for a in aws("kms", "list-aliases")["Aliases"]}
    assert aliases["alias/backup"] == old["KeyId"] and "alias/backup-previous" not in aliases, aliases
    assert aws("kms", "describe-key", "--key-id", old["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled"

    done = rotate("\n" * 5, NEW_KEY=made)
    assert done.returncode == 0, done.stdout + done.stderr
    aliases = {a["AliasName"]: a.get("TargetKeyId") for a in aws("kms", "list-aliases")["Aliases"]}
    assert aliases["alias/backup-previous"] == old["KeyId"], aliases
    assert aliases["alias/backup"] != old["KeyId"], aliases
    after = aws("kms", "describe-key", "--key-id", old["KeyId"])["KeyMetadata"]
    assert after["KeyState"] == "PendingDeletion", after
    new = aws("kms", "describe-key", "--key-id", "alias/backup")["KeyMetadata"]
    assert new["Arn"] == made, (new, made)
    assert new["KeyState"] == "Enabled" and new["Description"] == old["Description"], new
    assert aws("kms", "get-key-rotation-status", "--key-id", new["KeyId"])["KeyRotationEnabled"] is True
    policies = [aws("kms", "get-key-policy", "--key-id", key["KeyId"], "--policy-name", "default") for key in (old, new)]
    before, after = (json.loads(policy["Policy"]) for policy in policies)
    assert before == after, policies
    assert new["Arn"] in (folder / "created.yaml").read_text()
    order = [line.split()[0] + " " + line.split()[1] for line in log.read_text().splitlines()]
    assert order == ["sleep 300", "sleep 300", "kubectl create", "kubectl delete"], order
