# Real Terraform plans the article's key policy, with a double of the AWS provider; kpl gates on the plan.
source "$ROOT/e2e/lib.sh"
command -v terraform >/dev/null || { echo "terraform is not installed"; exit 77; }

bash "$ROOT/e2e/terraform/install.sh" "$WORK/terraform" >/dev/null
export TF_CLI_CONFIG_FILE=$WORK/terraform/double.tfrc CHECKPOINT_DISABLE=1

plan() { # NAME: plans the policy in NAME.json, and writes NAME.plan.json
    mkdir -p "$1"
    cp "$1.json" "$1/policy.json"
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
    (cd "$1" && terraform init -no-color >/dev/null && terraform plan -no-color -out tfplan >/dev/null && terraform show -json tfplan) >"$1.plan.json"
}

# The provider refuses what is no JSON, so the no-break spaces of the paste are ordinary here.
key_policy | sed 's/\xc2\xa0/ /g' >article.json
cp article.json mended.json
"$KPL" check mended.json --workload "$ROLE" --fix --unsafe-fixes
plan article
plan mended
ends_with 1 "$KPL" check article.plan.json --workload "$ROLE" --format sarif=article.sarif
grep -q '"fullyQualifiedName": "aws_kms_key.this' article.sarif
grep -q '"uri": "article.plan.json"' article.sarif
"$KPL" check mended.plan.json --workload "$ROLE" --format sarif=mended.sarif

# A plan is a copy: no fix touches it.
cp article.plan.json copy.plan.json
ends_with 1 "$KPL" check copy.plan.json --workload "$ROLE" --fix --unsafe-fixes
cmp article.plan.json copy.plan.json
