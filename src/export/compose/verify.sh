# With Docker: ./verify.sh
# Without it: ./verify.sh --local, which needs `envoy` (or ENVOY=/path/to/it) and `python3`.
#
# Each scenario gets an Envoy that has just been started. The last line counts the checks; the exit
# code is 0 when all of them hold.
set -u
cd "$(dirname "$0")" || exit 2
got=$(mktemp -d) || exit 2
passed=0
failed=0
envoy_pid=
upstreams_pid=
case "${1:-}" in
  '') local= ;;
  --local) local=yes ;;
  *) echo "unknown option $1: write --local, or nothing for Docker" >&2; exit 2 ;;
esac
for program in curl $([ -n "$local" ] && echo python3 "${ENVOY:-envoy}" || echo docker); do
  command -v "$program" > "$got/answer" || { echo "$program is not there" >&2; exit 2; }
done

ask() { curl -sS --max-time 60 "http://127.0.0.1:$CONTROL/$1" "${@:2}"; }

start_upstreams() {
  if [ -n "$local" ]; then
    python3 upstreams.py upstreams.json > "$got/upstreams" &
    upstreams_pid=$!
  else
    docker compose up -d --wait upstreams || exit 2
  fi
  for _ in $(seq 100); do ask reset > "$got/answer" 2>&1 && return; sleep 0.1; done
  echo "the upstreams do not start: $(cat "$got/answer")" >&2
  exit 2
}

# At once: a filter that never returns keeps a worker from ending in order.
stop_envoy() {
  if [ -n "$local" ]; then
    [ -n "$envoy_pid" ] && kill -9 "$envoy_pid" 2> "$got/answer" && wait "$envoy_pid" 2> "$got/answer"
    envoy_pid=
  else
    docker compose rm -sf envoy > "$got/answer" 2>&1
  fi
}

end_all() {
  stop_envoy
  if [ -n "$local" ]; then kill "$upstreams_pid"; else docker compose down -t 1; fi > "$got/answer" 2>&1
  rm -rf "$got"
}
trap end_all EXIT

# A scenario begins: nobody remembers the one before.
scenario() {
  echo "━━ $1"
  stop_envoy
  ask reset
  if [ -n "$local" ]; then
    # Files lie here, and not yet where the bootstrap has them.
    sed "${MOVED[@]}" envoy.yaml > "$got/envoy.yaml"
    "${ENVOY:-envoy}" -c "$got/envoy.yaml" --use-dynamic-base-id --concurrency "$CONCURRENCY" \
      --file-flush-interval-msec 100 \
      --component-log-level wasm:trace > "$got/log" 2>&1 &
    envoy_pid=$!
  else
    docker compose up -d envoy > "$got/answer" 2>&1 || cat "$got/answer" >&2
  fi
  for _ in $(seq 300); do
    curl -s -o "$got/answer" "http://127.0.0.1:$ADMIN/ready" && grep -q LIVE "$got/answer" && return
    [ -n "$local" ] && ! kill -0 "$envoy_pid" 2> "$got/answer" && break
    sleep 0.1
  done
  echo "  Envoy does not start"
}

# request N CURL-OPTIONS…: sends it and hands over what came.
request() {
  : > "$got/headers"; : > "$got/body"
  curl -sS --http1.1 --path-as-is --max-time 20 -H user-agent: -H accept: \
    -D "$got/headers" -o "$got/body" "${@:2}" 2> "$got/error"
  echo $? > "$got/exit"
  for part in headers body exit; do
    ask "client/$1/$part" -X PUT -H expect: --data-binary "@$got/$part"
  done
}

# check WORDS JSON: asks whether it holds.
check() {
  if [ -z "${LOGGED:-}" ]; then
    # Envoy writes its access log a little later.
    sleep 0.4
    if [ -n "$local" ]; then cp "$got/log" "$got/logged"; else docker compose logs --no-color --no-log-prefix envoy > "$got/logged"; fi
    ask log -X PUT -H expect: --data-binary "@$got/logged"
    LOGGED=yes
  fi
  told=$(ask check -H expect: --data-binary "$2")
  if [ -z "$told" ]; then
    passed=$((passed + 1))
    echo "  ok      $1"
  else
    failed=$((failed + 1))
    echo "  FAILED  $1"
    printf '%s\n' "$told" | sed 's/^/            /'
  fi
}

