#!/usr/bin/env bash
# Shows the engine at work: a bus, a few thousand messages, and answers. Ends by itself.
set -euo pipefail
cd "$(dirname "$0")/.."

tallylog=$PWD/.build/release/tallylog
[ -x "$tallylog" ] || { echo "no $tallylog; 'make demo' builds it first"; exit 1; }
scratch=$(mktemp -d -t tallylog-demo-XXXXXX)
data=$scratch/data
bus=ipc://$scratch/bus
messages=5000

finish() {
    [ -n "${server:-}" ] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true
    rm -rf "$scratch"
}
trap finish EXIT

if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi
say() { printf '\n%s\n' "$*"; }
show() {
    printf '\n%s$ tallylog %s%s\n' "$bold" "$*" "$plain"
    "$tallylog" "$1" --data "$data" "${@:2}"
}
field() { "$tallylog" info --data "$data" store | tr -d '\r' | sed -n "s/^$1://p"; }
first_name() { "$tallylog" top --data "$data" 1 "$@" | awk '{print $1}'; }

echo "Starting the engine. It listens to a ZeroMQ bus and answers on a Unix socket:"
printf '\n%s$ tallylog serve --data DIR --subscribe %s%s\n' "$bold" "$bus" "$plain"
"$tallylog" serve --data "$data" --subscribe "$bus" 2>"$scratch/serve.log" &
server=$!
for _ in $(seq 200); do
    [ -S "$data/tallylog.sock" ] && break
    kill -0 "$server" 2>/dev/null || { cat "$scratch/serve.log"; exit 1; }
    sleep 0.05
done

say "Publishing $messages made-up messages of the last 30 days on that bus:"
printf '\n%s$ tallylog publish --bind %s --generate %s%s\n' "$bold" "$bus" $messages "$plain"
"$tallylog" publish --bind "$bus" --generate $messages

for _ in $(seq 200); do
    appended=$(field appended)
    [ "$appended" = "$messages" ] && break
    sleep 0.05
done
if [ "$appended" != "$messages" ]; then
    echo "only ${appended:-none} of $messages messages arrived"
    cat "$scratch/serve.log"
    exit 1
fi

say "All of them are on disk and counted. How many messages?"
show count
say "Which topics most?"
show top 5 topic
say "The category git, day by day:"
show series 1d CATEGORY git LAST 7d
user=$(first_name user)
say "What does $user do, whom we see most?"
show top 3 topic USER "$user" LAST 7d
say "And the newest of these messages:"
printf '\n%s$ tallylog messages USER %s LIMIT 1%s\n' "$bold" "$user" "$plain"
"$tallylog" messages --data "$data" USER "$user" LIMIT 1 | head -1 | fold -w 100
if command -v redis-cli >/dev/null; then
    say "The same words serve any Redis client:"
    question=(TOP 3 user TOPIC org.example.prod.git.receive)
    printf '\n%s$ redis-cli -s DIR/tallylog.sock %s%s\n' "$bold" "${question[*]}" "$plain"
    redis-cli -s "$data/tallylog.sock" "${question[@]}"
fi

cat <<TEXT

That was all: the engine stops, and its directory goes. To go on with one of your own:
  .build/release/tallylog serve --data /tmp/tallylog --subscribe ipc:///tmp/tallylog-bus &
  .build/release/tallylog publish --bind ipc:///tmp/tallylog-bus --generate 100000
  .build/release/tallylog top --data /tmp/tallylog 10 user CATEGORY git LAST 7d
  redis-cli -s /tmp/tallylog/tallylog.sock HELP
PROTOCOL.md has every question; 'tallylog --help' every command.
TEXT
