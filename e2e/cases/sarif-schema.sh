# Every kind of output is held against the official SARIF 2.1.0 schema, which the crate serde-sarif carries.
source "$ROOT/e2e/lib.sh"

mkdir -p schema/src
printf '[package]\nname = "schema"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nserde-sarif = "=0.8.0"\n[workspace]\n' >schema/Cargo.toml
: >schema/src/lib.rs
cargo fetch -q --manifest-path schema/Cargo.toml
schema=$(find "${CARGO_HOME:-$HOME/.cargo}/registry/src" -path '*serde-sarif-0.8.0/src/schema.json' | head -n 1)

printf '{"Version": "2012-10-17",' >'broken ü?#.json'
key_policy >key.json
"$VENV/bin/python" - <<'EOF'
import json
action = lambda at: f"s3:NoSuchAction{at}"
statement = {"Sid": "A", "Effect": "Allow", "Action": [action(at) for at in range(30_000)], "Resource": "*"}
json.dump({"Version": "2012-10-17", "Statement": [statement]}, open("many.json", "w"))
EOF
seed=$ROOT/fixtures/seed
"$KPL" check "$seed" 'broken ü?#.json' key.json missing.json --workload "$ROLE" --persona auditor -o seed.sarif --format sarif || true
"$KPL" check "$ROOT/fixtures/documents" --persona auditor --format sarif -o documents.sarif || true
"$KPL" check many.json --format sarif -o many.sarif || true

"$VENV/bin/python" - "$schema" <<'EOF'
import gzip, json, sys
from jsonschema.validators import validator_for
schema = json.load(open(sys.argv[1]))
validator = validator_for(schema)(schema)
for name in ["seed.sarif", "documents.sarif", "many.sarif"]:
    text = open(name, "rb").read()
    log = json.loads(text)
    errors = [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(log)]
    assert not errors, (name, errors)
    run = log["runs"][0]
    assert run["results"] and len(run["results"]) <= 25_000, name
    assert len(gzip.compress(text)) <= 10 << 20, name
    print(name, len(run["results"]), "results,", len(gzip.compress(text)), "bytes in gzip")
many = json.load(open("many.sarif"))["runs"][0]
assert len(many["results"]) == 25_000
assert "are left out" in many["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
EOF
