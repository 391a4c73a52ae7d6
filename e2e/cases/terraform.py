"""Real Terraform, with a double of the providers: plans, states and outputs of the article's set-up."""

import functools
import json
import os
import pathlib
import platform
import shutil
import stat
import subprocess

from environment import Skip

HERE = pathlib.Path(__file__).resolve().parent.parent / "terraform"
VERSIONS = {"aws": "6.20.0", "helm": "2.17.0", "kubernetes": "2.38.0"}


@functools.lru_cache(maxsize=None)
def settings(environment):
    """The environment variables under which Terraform finds the doubles."""
    if not shutil.which("terraform"):
        raise Skip("terraform is not on PATH")
    python = environment.venv("provider-double", "tf")
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    system = f"{platform.system().lower()}_{machine}"
    folder = environment.folder("providers")
    for name, version in VERSIONS.items():
        place = folder / "registry.terraform.io" / "hashicorp" / name / version / system
        place.mkdir(parents=True)
        provider = place / f"terraform-provider-{name}_v{version}"
        provider.write_text(f'#!/bin/sh\nexec "{python}" "{HERE / "double.py"}" {name} "$@"\n')
        provider.chmod(provider.stat().st_mode | stat.S_IXUSR)
    config = folder / "double.tfrc"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{folder}"\n  }}\n}}\n')
    return {**os.environ, "TF_CLI_CONFIG_FILE": str(config), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}


@functools.lru_cache(maxsize=None)
def written(environment, setup, *variables):
    """Applies a set-up; gives the folder with plan, state, outputs and raw state as files."""
    variables_of = settings(environment)
    folder = environment.folder(f"terraform-{setup}")
    shutil.copytree(HERE / setup, folder, dirs_exist_ok=True)

    def terraform(*arguments, into=None):
        done = subprocess.run(["terraform", *arguments], cwd=folder, env=variables_of, capture_output=True, text=True)
        assert done.returncode == 0, f"terraform {arguments}: {done.stderr or done.stdout}"
        if into:
            (folder / into).write_text(done.stdout)

    given = [word for variable in variables for word in ("-var", variable)]
    terraform("init", "-no-color")
    terraform("plan", "-no-color", "-out", "create.tfplan", *given)
    terraform("show", "-json", "create.tfplan", into="plan.json")
    terraform("apply", "-no-color", "create.tfplan")
    terraform("show", "-json", into="state.json")
    terraform("output", "-json", into="output.json")
    terraform("plan", "-no-color", "-out", "again.tfplan", *given)
    terraform("show", "-json", "again.tfplan", into="noop.json")
    return folder


def found(report, document=None):
    """Rule and JSON pointer of every finding, of one document."""
    return sorted((f["rule"], f["path"]) for f in report["findings"] if document in (None, f["document"]))


def article(environment):
    return written(environment, "article", f"policies={environment.root / 'fixtures/seed/blanks-normalised'}")


def same_as_plain(environment, file, key, kasten):
    """The findings at two addresses are those of the two plain files."""
    plain = environment.root / "fixtures/seed/blanks-normalised"
    report = environment.check(article(environment) / file)
    for document, name, kind in ((key, "key-policy.json", "key"), (kasten, "kasten-iam-policy.json", "identity")):
        wanted = found(environment.check("--kind", kind, plain / name))
        assert wanted, "the plain file yields nothing, so nothing is compared"
        got = found(report, document)
        assert got == wanted, f"{file}, {document}: {got}, and in the plain file {wanted}"
        kinds = {d["policy_kind"] for d in report["documents"] if d["document"] == document}
        assert kind in kinds, f"{file}, {document}: {kinds}"


def case_plan(environment):
    """a plan yields at its addresses what the plain files yield"""
    same_as_plain(environment, "plan.json", "aws_kms_key.kasten", "aws_iam_policy.kasten")


def case_noop(environment):
    """a plan without changes yields the same"""
    same_as_plain(environment, "noop.json", "aws_kms_key.kasten", "aws_iam_policy.kasten")


def case_state(environment):
    """a state yields the same"""
    same_as_plain(environment, "state.json", "aws_kms_key.kasten", "aws_iam_policy.kasten")


def case_raw_state(environment):
    """a raw state yields the same"""
    same_as_plain(environment, "terraform.tfstate", "aws_kms_key.kasten", "aws_iam_policy.kasten")


def case_outputs(environment):
    """outputs yield the same"""
    same_as_plain(environment, "output.json", "output.key_policy", "output.kasten_policy")


def case_places(environment):
    """places are in the outer file, at the text inside the string"""
    plan = article(environment) / "plan.json"
    text = plan.read_bytes()
    for finding in environment.check(plan)["findings"]:
        start, end = finding["span"]["start"]["offset"], finding["span"]["end"]["offset"]
        line, column = finding["span"]["start"]["line"], finding["span"]["start"]["column"]
        assert 0 <= start < end <= len(text), finding
        lines = text[:start].split(b"\n")
        assert (len(lines), len(lines[-1].decode()) + 1) == (line, column), finding


def case_partly_known(environment):
    """a key policy that names a role of the same plan is partly checked, and says on what it waits"""
    plan = written(environment, "role-dependent") / "plan.json"
    report = environment.check(plan)
    address = "module.kms.aws_kms_key_policy.this"
    notes = [f for f in report["findings"] if f["rule"] == "policy-unknown-at-plan" and f["document"] == address]
    assert len(notes) == 1, notes
    [note] = notes
    assert note["severity"] == "note" and note["path"] == "/Statement/1/Principal/AWS", note
    assert "aws_iam_role.kasten.arn" in note["message"] and "checked 1 of 2 statements" in note["message"], note
    silent = {n["rule"] for n in report["not_evaluated"] if n["document"] == address}
    assert "default-root-statement-missing" in silent, silent
    other = [f for f in report["findings"] if f["document"] == "aws_iam_policy.by_arn"]
    assert [f["rule"] for f in other] == ["policy-unknown-at-plan"] and "not checked" in other[0]["message"], other


def case_undecided(environment):
    """--fail-on-undecided ends with 1 on such a plan, and with 0 on the state after it"""
    folder = written(environment, "role-dependent")
    undecided = ("check", "--fail-on", "never", "--fail-on-undecided", "--select", "policy-unknown-at-plan")
    code, _, _ = environment.kpl(*undecided, folder / "plan.json")
    assert code == 1, code
    code, _, _ = environment.kpl(*undecided, folder / "state.json")
    assert code == 0, code


def case_known_after_apply(environment):
    """after apply the same policy is known"""
    report = environment.check(written(environment, "role-dependent") / "state.json")
    documents = {d["document"] for d in report["documents"] if d["policy_kind"] == "key"}
    assert "module.kms.aws_kms_key_policy.this" in documents, documents
    assert not [f for f in report["findings"] if f["rule"] == "policy-unknown-at-plan"]


def case_secrets(environment):
    """a sensitive value of the plan appears in no format"""
    plan = written(environment, "role-dependent") / "plan.json"
    assert "AKIAEXAMPLE" in plan.read_text()
    for format in ("text", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit", "rdjson"):
        _, out, err = environment.kpl("check", "--all", "--format", format, plan)
        assert "AKIAEXAMPLE" not in out + err, format


def case_looks_alike(environment):
    """a plan file and the log of a plan are named, with what to do"""
    folder = article(environment)
    code, _, err = environment.kpl("check", folder / "create.tfplan")
    assert code == 2 and "terraform show -json" in err, err
    log = folder / "log.json"
    given = f"policies={environment.root / 'fixtures/seed/blanks-normalised'}"
    done = subprocess.run(
        ["terraform", "plan", "-json", "-var", given], cwd=folder, env=settings(environment), capture_output=True, text=True
    )
    log.write_text(done.stdout)
    code, _, err = environment.kpl("check", log)
    assert code == 2 and "not a plan" in err, err


def case_count(environment):
    """the policies of plans and states are as many as a script of its own counts"""
    script = environment.root / "scripts" / "count-policies"
    for folder in (article(environment), written(environment, "role-dependent")):
        for name in ("plan.json", "noop.json", "state.json", "terraform.tfstate"):
            done = subprocess.run([script, folder / name], capture_output=True, text=True, check=True)
            counted = json.loads(done.stdout)
            addresses = counted["known"] + counted["unknown"]
            policies = [d["document"] for d in environment.check(folder / name)["documents"] if d["policy_kind"]]
            ours = [p for p in policies if not p.startswith(("data.", "output."))]
            assert len(ours) == len(addresses) > 1, (name, ours, addresses)
            # A resource with several policies has one address a policy, which starts with its own.
            assert all(any(p == a or p.startswith(a + ".") for a in addresses) for p in ours), (name, ours, addresses)


def generated(environment, name, *arguments):
    """What `kpl kasten generate --terraform` writes, planned by Terraform; gives the plan."""
    folder = environment.folder(f"terraform-generated-{name}")
    code, _, complaint = environment.kpl("kasten", "generate", *arguments, "--terraform", "--alias", "kasten", "--out", folder)
    assert code == 0, complaint
    variables = settings(environment)
    for words in (["fmt", "-check"], ["init", "-no-color"], ["plan", "-no-color", "-out", "tfplan"]):
        done = subprocess.run(["terraform", *words], cwd=folder, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, f"{name}: terraform {words}: {done.stderr or done.stdout}"
    done = subprocess.run(["terraform", "show", "-json", "tfplan"], cwd=folder, env=variables, capture_output=True, text=True)
    (folder / "plan.json").write_text(done.stdout)
    return folder / "plan.json"


def case_generated(environment):
    """Terraform plans what kpl generates, and the plan is silent"""
    key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    role, user = "arn:aws:iam::111122223333:role/backup/kasten", "arn:aws:iam::111122223333:user/kasten"
    foreign = "arn:aws:iam::444455556666:role/kasten"
    provider = ("--oidc-provider", "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE")
    forms = {
        "user": ("--user", user, "--key", key, "--ebs"),
        "keys": ("--role", role, "--user", user, "--key", key, "--s3-export", "exports"),
        "provider": ("--role", role, *provider, "--key", key, "--ebs", "--s3-export", "exports"),
        "pod-identity": ("--role", role, "--key", key),
        "foreign": ("--role", foreign, *provider, "--key", key),
    }
    for name, arguments in forms.items():
        plan = generated(environment, name, *arguments)
        workload = ("--workload", foreign) if name == "foreign" else ()
        report = environment.check(plan, *workload)
        assert report["findings"] == [], (name, report["findings"])
        policies = [d for d in report["documents"] if d["policy_kind"]]
        assert len(policies) >= 2, (name, report["documents"])
        code, out, _ = environment.kpl("check", plan.parent, "--persona", "pedantic", *workload)
        assert code == 0 and out.startswith("no findings in "), (name, out)
