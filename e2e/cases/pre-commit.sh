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
EOF
git add .

ends_with 1 "$VENV/bin/pre-commit" run --all-files | tee first.log
grep -q 'workload-has-kms-star' first.log
"$KPL" check --fix --unsafe-fixes policies
git add .
"$VENV/bin/pre-commit" run --all-files | tee second.log
grep -q 'Passed' second.log
