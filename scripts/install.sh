#!/usr/bin/env bash
# Installs a built command with its completions and man page, which the command itself describes.
#
# usage: install.sh COMMAND PREFIX
set -euo pipefail

command=$1
prefix=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for shell in bash zsh fish; do
    "$command" --generate-completion-script "$shell" >"$scratch/$shell"
done
"$command" --experimental-dump-help |
    /usr/bin/python3 -B "$(dirname "$0")/make_manual.py" "$("$command" --version)" \
        >"$scratch/manual"

install -D -m 0755 "$command" "$prefix/bin/tallylog"
share=$prefix/share
install -D -m 0644 "$scratch/bash" "$share/bash-completion/completions/tallylog"
install -D -m 0644 "$scratch/zsh" "$share/zsh/site-functions/_tallylog"
install -D -m 0644 "$scratch/fish" "$share/fish/vendor_completions.d/tallylog.fish"
install -D -m 0644 "$scratch/manual" "$share/man/man1/tallylog.1"
