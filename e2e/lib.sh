# What the cases share; each case sources it.

# Runs a command that must end with a status.
ends_with() { # STATUS COMMAND…
    local wanted=$1 status=0
    shift
    "$@" || status=$?
    if [ "$status" -ne "$wanted" ]; then
        printf 'wanted exit %d, got %d: %s\n' "$wanted" "$status" "$*" >&2
        return 1
    fi
}

# The article's key policy, its account and role filled in.
key_policy() {
    sed -e 's/123456789/111122223333/' -e "s|<kasten_iam_user_or_role>|$ROLE|" "$ROOT/fixtures/seed/as-pasted/key-policy.json"
}

ROLE=arn:aws:iam::111122223333:role/kasten
