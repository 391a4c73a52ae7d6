"""Policies that are built to explode: each claim ends in an answer or in the budget, with its reason, within 512 MiB."""

import json
import os
import subprocess

MOST = 512 << 20
BUDGET = "20"  # what e2e builds is not optimised; with the default of 5000 no claim takes more than 250 MiB


def letters(number):
    return f"{number:08b}".replace("0", "a").replace("1", "b")


def wildcards(principal):
    """200 infix wildcards over the same letters, each in a statement of its own."""
    return [
        {"Effect": "Allow" if at % 2 else "Deny", **principal, "Action": "*", "Resource": f"arn:aws:*:::*{letters(at)}*"}
        for at in range(200)
    ]


def values(principal):
    """200 infix wildcards over the same letters, as values of one condition key."""
    return [
        {
            "Effect": "Allow" if at % 2 else "Deny", **principal, "Action": "*", "Resource": "*",
            "Condition": {"StringLike": {"aws:PrincipalTag/team": f"*{letters(at)}*"}},
        }
        for at in range(200)
    ]


def statements(principal):
    """500 statements, each under conditions of its own."""
    return [
        {
            "Effect": "Allow" if at % 2 else "Deny", **principal, "Action": ["s3:Get*", "kms:*", "sts:*"], "Resource": "*",
            "Condition": {
                "StringEquals": {f"aws:PrincipalTag/t{at % 20}": f"v{at}"},
                "NumericLessThan": {f"aws:PrincipalTag/n{at % 7}": str(at)},
            },
        }
        for at in range(500)
    ]


def actions(principal):
    """10,000 patterns of actions."""
    listed = [f"{service}:{word}{at}*" for at in range(2500) for service in ("s3", "kms") for word in ("Get", "Put")]
    return [{"Effect": "Allow", **principal, "Action": listed, "Resource": "*"}]


def ran(environment, *arguments):
    """The verdict of a claim, its reasons, and the most memory that it took."""
    command = [str(environment.binary), "prove", *map(str, arguments), "--budget", BUDGET, "--format", "json"]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, complaint = started.stdout.read(), started.stderr.read()
    _, status, used = os.wait4(started.pid, 0)
    started.returncode = os.waitstatus_to_exitcode(status)
    assert started.returncode in (0, 1), complaint
    told = json.loads(out)
    return told["verdict"], told["because"], used.ru_maxrss * 1024


def case_explode(environment):
    """policies that are built to explode end within their budget and 512 MiB"""
    folder = environment.folder("explode")
    anyone, nobody = {"Principal": "*"}, {}
    for shape in (wildcards, values, statements, actions):
        files = {}
        for name, principal in (("identity", nobody), ("resource", anyone)):
            said = shape(principal)
            files[name] = folder / f"{shape.__name__}-{name}.json"
            files[name].write_text(json.dumps({"Version": "2012-10-17", "Statement": said}))
            files[f"{name}-old"] = folder / f"{shape.__name__}-{name}-old.json"
            files[f"{name}-old"].write_text(json.dumps({"Version": "2012-10-17", "Statement": said[: len(said) // 2]}))
        claims = (
            ("no-new-access", files["identity-old"], files["identity"], "--kind", "identity"),
            ("no-new-access", files["resource-old"], files["resource"], "--kind", "resource"),
            ("not-granted", files["identity"], "--kind", "identity", "--action", "s3:GetObject"),
            ("not-public", files["resource"], "--kind", "resource"),
            ("keeps-admin", files["resource"], "--account", "111122223333"),
        )
        for claim in claims:
            verdict, because, bytes_used = ran(environment, *claim)
            name = f"{claim[0]} {claim[-1] if claim[0] == 'no-new-access' else ''} of {shape.__name__}".replace("  ", " ")
            print(f"         {name}: {verdict}, {bytes_used >> 20} MiB{''.join(f', {one}' for one in because[:1])}")
            assert bytes_used <= MOST, f"{name}: {bytes_used >> 20} MiB"
            assert verdict != "undecided" or because, name
