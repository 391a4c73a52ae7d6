#!/bin/sh
# Stands in for kubectl and sleep: a Passkey that is created is in use, and time passes at once. What was done goes to $LOG.
case "$(basename "$0") $*" in
    sleep*) echo "sleep $*" >>"$LOG" ;;
    *"create -f -"*) cat >"$FOLDER/created.yaml"; echo "kubectl create" >>"$LOG" ;;
    *"-o jsonpath"*) if [ -e "$FOLDER/created.yaml" ]; then echo true; fi ;;
    *) echo "kubectl $*" >>"$LOG" ;;
esac
