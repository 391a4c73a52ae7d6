# A repository with the article's key policy: pre-commit builds kpl from this checkout, fails, and passes after the fixes.
source "$ROOT/e2e/lib.sh"
export PRE_COMMIT_HOME=$WORK/pre-commit-home GIT_AUTHOR_NAME=e2e GIT_AUTHOR_EMAIL=e2e@example.com
export GIT_COMMITTER_NAME=e2e GIT_COMMITTER_EMAIL=e2e@example.com

git init -q .
mkdir policies
key_policy >policies/key.json
printf '{"name": "no policy"}\n' >package.json
printf 'workload = ["%s"]\n' "$ROLE" >kpl.toml
cat >.pre-commit-config.yaml <<EOF
repos:
  - repo: $ROOT
    rev: $(git -C "$ROOT" rev-parse HEAD)
    hooks:
      - id: kpl
      - id: kpl-plan
EOF
git add .

ends_with 1 "$VENV/bin/pre-commit" run --all-files | tee first.log
grep -q 'workload-has-kms-star' first.log
"$KPL" check --fix --unsafe-fixes policies
git add .
"$VENV/bin/pre-commit" run --all-files | tee second.log
grep -q 'Passed' second.log

# The plan's hook runs before a push, or when it is asked for.
plan() { # FILE: a plan that would write the policy.
    "$VENV/bin/python" - "$1" <<'EOF' >plan.json
import json, sys
policy = open(sys.argv[1]).read()
change = {"actions": ["create"], "before": None, "after": {"policy": policy}, "after_unknown": {}}
key = {"address": "aws_kms_key.this", "mode": "managed", "type": "aws_kms_key", "name": "this", "change": change}
print(json.dumps({"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": [key]}))
EOF
}

key_policy >article.txt
plan article.txt
ends_with 1 "$VENV/bin/pre-commit" run kpl-plan --hook-stage manual | tee third.log
grep -q 'workload-has-kms-star' third.log
plan policies/key.json
"$VENV/bin/pre-commit" run kpl-plan --hook-stage pre-push --all-files | tee fourth.log
grep -q 'Passed' fourth.log
