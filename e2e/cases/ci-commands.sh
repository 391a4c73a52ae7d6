# The commands of the jobs in docs/ci.md, as they stand there: they stop the article's key policy, and let the mended one by.
source "$ROOT/e2e/lib.sh"
command -v terraform >/dev/null || { echo "terraform is not installed"; exit 77; }

bash "$ROOT/e2e/terraform/install.sh" "$WORK/terraform" >/dev/null
export TF_CLI_CONFIG_FILE=$WORK/terraform/double.tfrc CHECKPOINT_DISABLE=1
PATH=$(dirname "$KPL"):$PATH

commands() { # WORDS: the commands of the page that start so, each once, in their order.
    grep -oE "(^ +|run: |- )$1 .*" "$ROOT/docs/ci.md" | sed -E 's/^ *(- )?(run: )?//' | awk '!seen[$0]++'
}

repository() { # NAME: a repository with the policy in NAME.json, and its plan by the page's own commands.
    mkdir "$1"
    cp "$1.json" "$1/policy.json"
    printf 'workload = ["%s"]\n' "$ROLE" >"$1/kpl.toml"
    cat >"$1/main.tf" <<'EOF'
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
resource "aws_kms_key" "this" {
  description = "backups"
  policy      = file("policy.json")
}
EOF
    commands terraform >plan.sh
    [ "$(wc -l <plan.sh)" -eq 3 ]
    (cd "$1" && bash -euo pipefail ../plan.sh >/dev/null)
}

key_policy | sed 's/\xc2\xa0/ /g' >article.json
cp article.json mended.json
"$KPL" check mended.json --workload "$ROLE" --fix --unsafe-fixes
repository article
repository mended

commands 'kpl check' >checks.txt
[ "$(wc -l <checks.txt)" -eq 3 ]
while read -r command; do
    (cd article && ends_with 1 bash -c "$command")
    (cd mended && bash -c "$command")
done <checks.txt
for report in kpl.sarif gl-code-quality.json kpl.xml; do
    [ -s "article/$report" ] && [ -s "mended/$report" ]
done
