# A baseline of a messy repository: the next run is silent, also when jq has written every file anew; a new fault shows.
source "$ROOT/e2e/lib.sh"
command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }

new() { # Tells the rules of the findings that are not in the baseline.
    local status=0
    "$KPL" check --baseline kpl-baseline.json --format json >report.json || status=$?
    [ "$status" -lt 2 ]
    jq -r '.findings[] | select(.suppressed == null) | .rule' report.json
}

git init -q .
mkdir policies roles
# jq takes strict JSON alone: the no-break spaces of the paste are ordinary here.
key_policy | sed 's/\xc2\xa0/ /g' >policies/key.json
printf '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*", "iam:PassRole"], "Resource": "*"}, {"Effect": "Allow", "Action": "*", "Resource": "*"}]}' >roles/admin.json
printf '{"Version": "2008-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}' >roles/trust.json

ends_with 1 "$KPL" check
"$KPL" check --write-baseline kpl-baseline.json
[ "$(jq '.findings | length' kpl-baseline.json)" -ge 5 ]
[ -z "$(new)" ]
"$KPL" check --baseline kpl-baseline.json

for file in policies/*.json roles/*.json; do
    cp "$file" before.txt
    jq --sort-keys . before.txt >"$file"
    ! cmp -s before.txt "$file"
done
[ -z "$(new)" ]

# A second fault in a statement that has one already.
jq '(.Statement[] | select(.Effect == "Allow") | .Action) |= ([.] | flatten + ["kms:Decrpyt"])' policies/key.json >more.txt
mv more.txt policies/key.json
new | grep -qx 'unknown-action'
ends_with 1 "$KPL" check --baseline kpl-baseline.json
