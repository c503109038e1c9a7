#!/usr/bin/env bash
# Shows the engine at work: a bus, a few thousand messages, and answers. Ends by itself.
set -euo pipefail
cd "$(dirname "$0")/.."

tallylog=$PWD/.build/release/tallylog
scratch=$(mktemp -d -t tallylog-demo-XXXXXX)
data=$scratch/data
bus=ipc://$scratch/bus
messages=5000

finish() {
    [ -n "${server:-}" ] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true
    rm -rf "$scratch"
}
trap finish EXIT

show() {
    printf '\n$ tallylog %s\n' "$*"
    "$tallylog" "$1" --data "$data" "${@:2}"
}

field() { "$tallylog" info --data "$data" | tr -d '\r' | sed -n "s/^$1://p"; }

echo "Starting the engine on the bus $bus ..."
"$tallylog" serve --data "$data" --subscribe "$bus" 2>"$scratch/serve.log" &
server=$!
for _ in $(seq 100); do
    "$tallylog" info --data "$data" >/dev/null 2>&1 && break
    kill -0 "$server" 2>/dev/null || { cat "$scratch/serve.log"; exit 1; }
    sleep 0.1
done

echo "Publishing $messages made-up messages there ..."
"$tallylog" publish --bind "$bus" --generate $messages --rate 5000 --subscribers 1

for _ in $(seq 100); do
    [ "$(field appended)" = "$messages" ] && break
    sleep 0.1
done
appended=$(field appended)
if [ "$appended" != "$messages" ]; then
    echo "only $appended of $messages messages arrived"
    cat "$scratch/serve.log"
    exit 1
fi

echo
echo "All $messages messages are durable and counted. Some answers:"
show count
show top 5 topic
show series 1d CATEGORY git
user=$("$tallylog" top --data "$data" 1 user | awk '{print $1}')
show top 3 topic USER "$user"
show messages USER "$user" LIMIT 1

cat <<TEXT

Ask more, while a server runs, with any Redis client:
  redis-cli -s DIR/tallylog.sock COUNT TOPIC org.example.prod.git.receive LAST 7d
  redis-cli -s DIR/tallylog.sock HELP
or with this command: tallylog top --socket DIR/tallylog.sock 10 user CATEGORY git
TEXT
