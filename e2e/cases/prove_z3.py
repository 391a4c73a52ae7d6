"""The prover beside z3, which knows nothing of policies: both are asked whether a version grants what the one before did not."""

import json
import os
import random
import statistics
import subprocess
import sys
import time
import zipfile

from environment import Skip

SEED = 7
PAIRS = 100
MILLISECONDS = 2_000  # z3 may take so long for one question

# z3 runs in its own Python; it reads pairs, a line each, and answers each with a line.
SOLVER = r'''
import ipaddress, json, sys, time
import z3

MILLISECONDS = int(sys.argv[1])
WITHOUT_RESOURCE = set(open(sys.argv[2]).read().split())
ANY = z3.Full(z3.ReSort(z3.StringSort()))
CHARACTER = z3.AllChar(z3.ReSort(z3.StringSort()))


class Unsupported(Exception):
    pass


def glob(pattern, by_parts=False):
    """A pattern as a regular expression; by parts, no wildcard crosses one of the first five colons."""
    colon = z3.Re(":")
    pieces, colons = [z3.Re("")], 0
    if "${" in pattern:
        raise Unsupported("variable")
    for character in pattern:
        narrow = by_parts and colons < 5
        one = z3.Intersect(CHARACTER, z3.Complement(colon)) if narrow else CHARACTER
        if character == "*":
            pieces.append(z3.Star(one) if narrow else ANY)
        elif character == "?":
            pieces.append(one)
        else:
            pieces.append(z3.Re(character))
        colons += character == ":"
    if by_parts and colons < 5:
        pieces += [colon, ANY]
    return z3.Concat(*pieces) if len(pieces) > 1 else pieces[0]


def listed(value):
    return value if isinstance(value, list) else [value]


class Request:
    """What every request has: an action, a resource, and keys that it may lack."""

    def __init__(self):
        self.action, self.resource = z3.String("action"), z3.String("resource")
        self.keys = {}
        letters = lambda text: z3.Union(*[z3.Re(letter) for letter in text])
        low = z3.Union(z3.Range("a", "z"), z3.Range("0", "9"), z3.Re("-"))
        name = z3.Intersect(CHARACTER, z3.Complement(letters(":/")), z3.Complement(z3.Range("A", "Z")))
        digits = z3.Loop(z3.Range("0", "9"), 12, 12)
        account = z3.Union(digits, z3.Re(""), z3.Re("aws"))
        colon = z3.Re(":")
        arn = z3.Concat(z3.Re("arn:aws:"), z3.Plus(low), colon, z3.Star(low), colon, account, colon, z3.Plus(CHARACTER))
        self.possible = [
            z3.InRe(self.action, z3.Concat(z3.Plus(low), colon, z3.Plus(name))),
            self.action != z3.StringVal("sts:getcalleridentity"),
            z3.Or(self.resource == z3.StringVal("*"), z3.InRe(self.resource, arn)),
        ]

    def key(self, name, sort, always=False):
        lower = name.lower()
        if lower not in self.keys:
            present = z3.BoolVal(True) if always else z3.Bool("has " + lower)
            self.keys[lower] = (present, z3.Const(lower, sort))
        present, value = self.keys[lower]
        if value.sort() != sort:
            raise Unsupported("two types of one key")
        return present, value


def address(request, key, text):
    network = ipaddress.ip_network(text, strict=False)
    present, value = request.key(key, z3.BitVecSort(129))  # the first bit tells the family
    family = z3.Extract(128, 128, value) == (1 if network.version == 6 else 0)
    low = z3.Extract(127, 0, value)
    if (network.version == 4) and ("family of " + key) not in request.keys:
        request.keys["family of " + key] = None
        fits = z3.Or(z3.Extract(128, 128, value) == 1, z3.ULE(low, z3.BitVecVal((1 << 32) - 1, 128)))
        request.possible.append(fits)
    first, last = int(network.network_address), int(network.broadcast_address)
    return present, z3.And(family, z3.ULE(z3.BitVecVal(first, 128), low), z3.ULE(low, z3.BitVecVal(last, 128)))


ALWAYS = {"aws:securetransport"}
TEXTS = {"aws:requesttag/a", "aws:requesttag/b", "aws:calledvialast", "ec2:createaction", "iam:passedtoservice",
         "iam:awsservicename", "aws:requestedregion", "aws:resourceaccount"}


def condition(request, operator, key, values):
    values = [str(value) if not isinstance(value, bool) else str(value).lower() for value in listed(values)]
    if_exists = operator.endswith("IfExists")
    base = operator.removesuffix("IfExists")
    lower = key.lower()
    if base == "Null":
        known = request.keys.get(lower)
        present = known[0] if known else request.key(key, z3.StringSort())[0]
        return z3.Or(*[z3.Not(present) if value == "true" else present for value in values])
    negated = "Not" in base
    plain = base.replace("Not", "")
    if plain in ("StringEquals", "StringLike"):
        if lower not in TEXTS:
            raise Unsupported(key)
        present, value = request.key(key, z3.StringSort())
        tests = [z3.InRe(value, glob(text)) if plain == "StringLike" else value == z3.StringVal(text) for text in values]
    elif plain == "Bool":
        present, value = request.key(key, z3.BoolSort(), lower in ALWAYS)
        tests = [value if text == "true" else z3.Not(value) for text in values]
    elif plain.startswith("Numeric"):
        present, value = request.key(key, z3.RealSort())
        compare = {"Equals": lambda a, b: a == b, "LessThan": lambda a, b: a < b, "LessThanEquals": lambda a, b: a <= b,
                   "GreaterThan": lambda a, b: a > b, "GreaterThanEquals": lambda a, b: a >= b}
        tests = [compare[plain.removeprefix("Numeric")](value, z3.RealVal(text)) for text in values]
    elif plain == "IpAddress":
        both = [address(request, key, text) for text in values]
        present, tests = both[0][0], [test for _, test in both]
    else:
        raise Unsupported(operator)
    any_of = z3.Or(*tests)
    if negated:
        return z3.Or(z3.Not(present), z3.Not(any_of))
    return z3.Or(z3.Not(present), any_of) if if_exists else z3.And(present, any_of)


def resource(request, pattern):
    if pattern.strip("*") == "" and pattern:
        return z3.BoolVal(True)
    return z3.And(request.resource != z3.StringVal("*"), z3.InRe(request.resource, glob(pattern, True)))


def statement(request, given):
    parts = []
    for name, test in (("Action", lambda text: z3.InRe(request.action, glob(text.lower()))),
                       ("Resource", lambda text: resource(request, text))):
        if name in given:
            parts.append(z3.Or(*[test(text) for text in listed(given[name])]))
        elif "Not" + name in given:
            parts.append(z3.Not(z3.Or(*[test(text) for text in listed(given["Not" + name])])))
    for operator, keys in given.get("Condition", {}).items():
        parts += [condition(request, operator, key, values) for key, values in keys.items()]
    return z3.And(*parts)


def allowed(request, policy):
    sides = {"Allow": [], "Deny": []}
    for given in listed(policy["Statement"]):
        sides[given["Effect"]].append(statement(request, given))
    return z3.And(z3.Or(*sides["Allow"]), z3.Not(z3.Or(*sides["Deny"])))


def answer(solver, request):
    """Whether there is such a request. One on an ARN, of a call that takes no resource, is none, and z3 looks on."""
    while (said := str(solver.check())) == "sat":
        action = solver.model().eval(request.action, True).as_string()
        on_all = solver.model().eval(request.resource, True).as_string() == "*"
        if on_all or action not in WITHOUT_RESOURCE:
            break
        solver.add(z3.Or(request.action != z3.StringVal(action), request.resource == z3.StringVal("*")))
    return {"sat": "refuted", "unsat": "proven"}.get(said, "no answer")


for line in sys.stdin:
    old, new = json.loads(line)
    start = time.perf_counter()
    try:
        request = Request()
        solver = z3.Solver()
        solver.set("timeout", MILLISECONDS)
        solver.add(allowed(request, new), z3.Not(allowed(request, old)))
        solver.add(*request.possible)
        said = answer(solver, request)
    except Unsupported:
        said = "not asked"
    print(json.dumps([said, (time.perf_counter() - start) * 1e3]), flush=True)
'''


def statement(dice, allows):
    pattern = lambda letters, count: "".join(dice.choice(letters) for _ in range(dice.randint(1, count)))
    rows = {}
    for _ in range(dice.randint(0, 2)):
        operator, key, values = dice.choice(
            [
                (dice.choice(["StringLike", "StringNotLike"]), "aws:RequestTag/a", lambda: pattern("ab*?*", 4)),
                (dice.choice(["StringEquals", "StringNotEquals"]), "aws:RequestTag/a", lambda: pattern("ab", 2)),
                (dice.choice(["NumericLessThan", "NumericGreaterThanEquals", "NumericNotEquals"]), "s3:max-keys",
                 lambda: dice.choice(["0", "1", "1.5", "10"])),
                (dice.choice(["IpAddress", "NotIpAddress"]), "aws:SourceIp",
                 lambda: dice.choice(["203.0.113.0/24", "203.0.113.128/25", "203.0.0.0/16", "0.0.0.0/0", "2001:db8::/32"])),
                ("Bool", "aws:SecureTransport", lambda: dice.choice(["true", "false"])),
                ("Bool", "aws:MultiFactorAuthPresent", lambda: dice.choice(["true", "false"])),
                ("Null", "aws:RequestTag/a", lambda: dice.choice(["true", "false"])),
            ]
        )
        operator += dice.choice(["", "", "IfExists"]) if operator != "Null" else ""
        rows[operator] = {key: [values() for _ in range(dice.randint(1, 2))]}
    given = {"Effect": "Allow" if allows else "Deny"}
    given[dice.choice(["Action", "Action", "Action", "NotAction"])] = [
        dice.choice(["s3:*", "s3:Get*", "s3:*Object", "s3:GetObject", "s3:?etObject", "*", "kms:*"])
        for _ in range(dice.randint(1, 2))
    ]
    given[dice.choice(["Resource", "Resource", "Resource", "NotResource"])] = [
        dice.choice(["*", "arn:aws:s3:::" + pattern("ab*?/", 4)]) for _ in range(dice.randint(1, 2))
    ]
    if rows:
        given["Condition"] = rows
    return given


def random_pairs():
    dice = random.Random(SEED)
    policy = lambda statements: {"Version": "2012-10-17", "Statement": statements}
    for _ in range(PAIRS):
        old = [statement(dice, at == 0 or dice.random() < 0.5) for at in range(dice.randint(1, 3))]
        new = [old + [statement(dice, False)], old[:1], [statement(dice, True)], [statement(dice, True)] + old[1:]]
        yield policy(old), policy(dice.choice(new))


def without_resource(environment):
    """The actions that AWS's tables give no resource type: they are asked for on `*`, and no ARN grants them."""
    for line in open(environment.root / "data" / "service-reference.tsv"):
        kind, *columns = line.rstrip("\n").split("\t")
        if kind == "action" and columns[2] == "-":
            yield columns[0].lower()


def compared(environment, name, pairs):
    """Asks both of every pair, and prints how long each took."""
    folder = environment.folder(name)
    python = environment.venv("z3", "z3-solver>=4.13")
    (folder / "solver.py").write_text(SOLVER)
    (folder / "without-resource").write_text("\n".join(without_resource(environment)))
    lines = "".join(json.dumps(pair) + "\n" for pair in pairs)
    command = [python, folder / "solver.py", str(MILLISECONDS), folder / "without-resource"]
    ran = subprocess.run(command, input=lines, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    theirs = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(theirs) == len(pairs)
    counts, own_times, their_times, apart = {}, [], [], []
    for (old, new), (said, took) in zip(pairs, theirs):
        (folder / "old.json").write_text(json.dumps(old))
        (folder / "new.json").write_text(json.dumps(new))
        start = time.perf_counter()
        code, out, complaint = environment.kpl(
            "prove", "no-new-access", folder / "old.json", folder / "new.json", "--kind", "identity", "--format", "json"
        )
        own = (time.perf_counter() - start) * 1e3
        assert code in (0, 1), complaint
        verdict = json.loads(out)["verdict"]
        counts[verdict, said] = counts.get((verdict, said), 0) + 1
        if said == "not asked":
            continue
        own_times.append(own)
        their_times.append(took)
        if said != "no answer" and said != verdict:
            apart.append(f"kpl: {verdict}, z3: {said}\n{json.dumps(old)}\n{json.dumps(new)}")
    middle = statistics.median
    for (verdict, said), count in sorted(counts.items()):
        print(f"         kpl {verdict}, z3 {said}: {count}")
    print(f"         median: {middle(own_times):.1f} ms for kpl, not optimised and with its start; {middle(their_times):.1f} ms for z3 alone")
    assert not apart, "\n".join(apart[:3])
    return counts


def case_random(environment):
    """random policies"""
    counts = compared(environment, "prove-z3", list(random_pairs()))
    answered = sum(count for (_, said), count in counts.items() if said in ("proven", "refuted"))
    assert answered * 2 >= PAIRS, f"z3 answers {answered} of {PAIRS}"
    assert counts.get(("proven", "proven"), 0) and counts.get(("refuted", "refuted"), 0)


RELEASES = ("3.0.0", "4.2.0", "5.1.0", "5.2.5")  # of moto (Apache-2.0), each with AWS's managed policies of its day


def released(environment, release):
    """The managed policies that a release of moto has, by name."""
    folder = environment.target / "moto"
    name = f"moto-{release}-"
    if not list(folder.glob(f"{name}*.whl")):
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, f"moto=={release}"]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode:
            raise Skip(f"moto {release} cannot be downloaded")
    with zipfile.ZipFile(next(folder.glob(f"{name}*.whl"))) as wheel:
        text = wheel.read("moto/iam/aws_managed_policies.py").decode()
    policies = json.loads(text[text.index('"""') + 3 : text.rindex('"""')])
    return {name: policy["Document"] for name, policy in policies.items()}


def named_versions(file):
    """The versions of each policy in a file that has a version a line, in the order of their dates."""
    versions = {}
    for line in open(file):
        line = json.loads(line)
        versions.setdefault(line["policy"], {})[line["date"]] = json.loads(line["document"])
    return [[dated[date] for date in sorted(dated)] for _, dated in sorted(versions.items())]


def case_versions(environment):
    """versions of real policies: AWS's managed ones, or those that POLICY_VERSIONS names"""
    file = os.environ.get("POLICY_VERSIONS")
    if file:
        histories = named_versions(file)
    else:
        releases = [released(environment, release) for release in RELEASES]
        names = sorted({name for release in releases for name in release})
        histories = [[release[name] for release in releases if name in release] for name in names]
    pairs = [(old, new) for history in histories for old, new in zip(history, history[1:]) if old != new]
    random.Random(SEED).shuffle(pairs)
    counts = compared(environment, "prove-z3-versions", pairs[:60])
    assert counts.get(("refuted", "refuted"), 0)
