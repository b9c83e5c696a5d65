"""The upstreams of a lab, and the judge of its checks. Python's standard library only.

Usage: python3 upstreams.py upstreams.json

Each cluster listens where the bootstrap says, and answers as the lab's rules say; a cluster without
rules echoes the request as JSON. On the control port `verify.sh` leaves what curl got and what Envoy
logged, and asks whether a check holds.
"""
import base64
import json
import pathlib
import re
import socket
import struct
import sys
import threading
import time
import urllib.parse
import urllib.request

LAB = {}
LOCK = threading.Lock()
STATE = {}


def reset():
    """Forgets everything: a scenario begins."""
    with LOCK:
        STATE.update(requests=[], client={}, log=[], failures={})


def matches(matcher, value):
    """Whether bytes are what a matcher wants."""
    if "exact" in matcher:
        return value == base64.b64decode(matcher["exact"])
    if "contains" in matcher:
        return base64.b64decode(matcher["contains"]) in value
    return re.search(matcher["matches"], value.decode("utf-8", "replace")) is not None


def wanted(matcher):
    """A matcher in words."""
    if "exact" in matcher:
        return repr(base64.b64decode(matcher["exact"]))
    if "contains" in matcher:
        return "contains " + repr(base64.b64decode(matcher["contains"]))
    return "matches /" + matcher["matches"] + "/"


# Messages as bytes.


class Reader:
    """Reads lines and bytes from a connection."""

    def __init__(self, connection):
        self.connection, self.left = connection, b""

    def more(self):
        data = self.connection.recv(65536)
        if not data:
            raise EOFError
        self.left += data

    def line(self):
        while b"\r\n" not in self.left:
            self.more()
        line, self.left = self.left.split(b"\r\n", 1)
        return line

    def take(self, size):
        while len(self.left) < size:
            self.more()
        data, self.left = self.left[:size], self.left[size:]
        return data

    def headers(self):
        pairs = []
        while line := self.line():
            name, value = line.split(b":", 1)
            pairs.append((name.decode("latin-1").lower(), value.strip(b" \t")))
        return pairs

    def message(self):
        """Start line, headers, body, trailers."""
        start = self.line().split(b" ", 2)
        headers = self.headers()
        get = dict(reversed(headers)).get
        if get("expect", b"").lower() == b"100-continue":
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body, trailers = b"", []
        if b"chunked" in get("transfer-encoding", b"").lower():
            while size := int(self.line().split(b";")[0], 16):
                body += self.take(size)
                self.line()
            trailers = self.headers()
        elif size := int(get("content-length", b"0")):
            body = self.take(size)
        return start, headers, body, trailers


def text(data):
    """Bytes as JSON has them in a report: text, or base64."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def seen(start, headers, body, trailers):
    """A request with pseudo-headers, as Envoy's filters know it."""
    pairs = [(":method", start[0]), (":path", start[1])]
    pairs += [(":authority", value) for name, value in headers if name == "host"]
    hop = ("host", "transfer-encoding", "connection", "keep-alive")
    pairs += [(name, value) for name, value in headers if name not in hop]
    return {"headers": pairs, "body": body, "trailers": trailers}


def echo(request):
    """The request as JSON."""
    headers = {}
    for name, value in request["headers"]:
        if name not in headers:
            headers[name] = text(value)
        elif isinstance(headers[name], list):
            headers[name].append(text(value))
        else:
            headers[name] = [headers[name], text(value)]
    first = dict(reversed(request["headers"]))
    out = {
        "method": text(first[":method"]),
        "path": text(first[":path"]),
        "headers": headers,
        "body": text(request["body"]),
    }
    return json.dumps(out, separators=(",", ":"), ensure_ascii=False).encode()


# Upstreams.


def fits(match, request):
    first = dict(reversed(request["headers"]))
    for name in ("method", "path"):
        if name in match and match[name].encode() != first[":" + name]:
            return False
    for name, matcher in match.get("headers", []):
        values = [value for key, value in request["headers"] if key == name.lower()]
        if not any(matches(matcher, value) for value in values):
            return False
    return True


def code_for(cluster, request):
    """The answer to a fetch of a module; None when it is another request."""
    path = dict(request["headers"])[":path"].decode("latin-1")
    for file in cluster["files"]:
        if path != file["path"]:
            continue
        with LOCK:
            failed = STATE["failures"].get(path, 0)
            STATE["failures"][path] = failed + 1
        if failed < file["failures"]:
            return {"reply": {"status": 503}, "delay": file["delay"]}
        body = b""
        if "file" in file:
            body = (pathlib.Path(sys.argv[1]).parent / file["file"]).read_bytes()
        reply = {"status": file["status"], "body": base64.b64encode(body).decode()}
        return {"reply": reply, "delay": file["delay"]}
    return None


def rule_for(cluster, request):
    for rule in cluster["rules"]:
        if fits(rule["match"], request):
            return rule
    return {"echo": True}


def serve(cluster, connection):
    """The requests of one connection, one after the other."""
    reader = Reader(connection)
    try:
        while True:
            request = seen(*reader.message())
            rule = code_for(cluster, request)
            if rule is None:
                with LOCK:
                    STATE["requests"].append((cluster["name"], request))
                rule = rule_for(cluster, request)
            time.sleep(rule.get("delay", 0))
            if "timeout" in rule:
                while reader.connection.recv(65536):
                    pass
                return
            if "reset" in rule:
                return hang_up(connection, rule["reset"])
            answer(connection, request, rule)
    except (EOFError, OSError, ValueError):
        pass
    finally:
        connection.close()


def hang_up(connection, how):
    if how == "protocol_error":
        connection.sendall(b"this is no HTTP\r\n\r\n")
    elif how != "connection_termination":
        # Closed so, the connection is torn and not ended.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def answer(connection, request, rule):
    reply = rule.get("reply")
    if reply is None:
        body = echo(request)
        reply = {"status": 200, "headers": [["content-type", "application/json"]]}
    else:
        body = base64.b64decode(reply.get("body", ""))
    for status in reply.get("informational", []):
        connection.sendall(b"HTTP/1.1 %d Early\r\n\r\n" % status)
    status, headers = reply["status"], reply.get("headers", [])
    bodiless = status in (204, 304) or dict(request["headers"])[":method"] == b"HEAD"
    framed = any(name.lower() == "content-length" for name, _ in headers)
    head = b"HTTP/1.1 %d Lab\r\n" % status
    for name, value in headers:
        value = value.encode() if isinstance(value, str) else base64.b64decode(value["base64"])
        head += name.encode("latin-1") + b": " + value + b"\r\n"
    if not framed and not bodiless:
        head += b"transfer-encoding: chunked\r\n"
    connection.sendall(head + b"\r\n")
    if bodiless:
        return
    for chunk in chunks(body, reply.get("chunks", [])):
        # Envoy is to read each of them for itself.
        time.sleep(0.02)
        connection.sendall(chunk if framed else b"%x\r\n%s\r\n" % (len(chunk), chunk))
    if "reset" in reply:
        hang_up(connection, reply["reset"])
        raise EOFError
    if not framed:
        trailers = b"".join(
            name.encode("latin-1") + b": " + value.encode() + b"\r\n"
            for name, value in reply.get("trailers", [])
        )
        connection.sendall(b"0\r\n" + trailers + b"\r\n")


def chunks(body, sizes):
    for size in sizes:
        if body[:size]:
            yield body[:size]
        body = body[size:]
    if body:
        yield body


def serve_bytes(cluster, connection):
    """A connection of TCP: what comes goes back, unless a rule says something else."""
    try:
        while data := connection.recv(65536):
            for rule in cluster["tcp"]:
                if matches(rule["data"], data) if "data" in rule else True:
                    time.sleep(rule.get("delay", 0))
                    for chunk in rule["send"]:
                        connection.sendall(base64.b64decode(chunk))
                    if rule["close"]:
                        connection.shutdown(socket.SHUT_WR)
                    break
            else:
                connection.sendall(data)
    except OSError:
        pass
    finally:
        connection.close()


def listen(address, port, serve_one):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(64)

    def accept():
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve_one, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


# Checks.


def log_lines(data):
    """Lines that the lab's report would have: level and text. Traces of calls are left out."""
    lines = []
    for line in data.decode("utf-8", "replace").splitlines():
        head = re.match(r"\[[^]]*\]\[\d+\]\[(\w+)\]\[(\w+)\] (?:\[[^]]*\] )?(.*)", line)
        if head is None and lines and lines[-1][1] in ("wasm", "lua") and not LAB["access_log"]:
            # A text of several lines.
            lines[-1] = lines[-1][:2] + (lines[-1][2] + "\n" + line,)
            continue
        if head is None:
            lines.append((None, None, line))
            continue
        level, component, message = head.groups()
        if component in ("wasm", "lua") and not re.match(r"\[(host|vm)(->|<-)(host|vm)\] ", message):
            level = {"warning": "warn"}.get(level, level)
            lines.append((level, component, message.removeprefix("wasm log ")))
        else:
            lines.append(("", "", ""))
    return lines


def plugin_text(message):
    """A line without the names in front of it."""
    for prefix in LAB["prefixes"]:
        if message.startswith(prefix + ": "):
            return message[len(prefix) + 2 :]
    return message


def told(check):
    """Why a check does not hold, one line for each reason."""
    kind = check["kind"]
    if kind == "client":
        yield from client_told(check)
    elif kind == "upstream":
        yield from upstream_told(check)
    elif kind == "log":
        found = [
            message
            for level, component, message in STATE["log"]
            if component in ("wasm", "lua")
            and check.get("level") in (None, level)
            and ("text" not in check or matches(check["text"], plugin_text(message).encode()))
        ]
        count = check.get("count")
        if (count is None and not found) or (count is not None and len(found) != count):
            yield f"expected {'a' if count is None else count} log line(s), got {found}"
    elif kind == "access_log":
        lines = [message for level, _, message in STATE["log"] if level is None and message]
        line = lines[check["line"]] if check["line"] < len(lines) else None
        if line is None or not matches(check["text"], line.encode()):
            yield f"expected {wanted(check['text'])}, got {line!r}"
    elif kind == "stat":
        url = f"http://127.0.0.1:{LAB['admin']}/stats?filter=" + urllib.parse.quote(
            "^" + re.escape(check["name"]) + "$"
        )
        body = urllib.request.urlopen(url, timeout=10).read().decode()
        value = dict(line.split(": ", 1) for line in body.splitlines()).get(check["name"], "0")
        if int(value) != check["value"]:
            yield f"expected {check['value']}, got {value}"


def headers_told(check, headers):
    for name, matchers in check.get("headers", []):
        values = [value for key, value in headers if key == name.lower()]
        if len(values) != len(matchers) or not all(map(matches, matchers, values)):
            yield f"header {name}: expected {', '.join(map(wanted, matchers))}, got {values}"
    for name in check.get("no_headers", []):
        values = [value for key, value in headers if key == name.lower()]
        if values:
            yield f"header {name}: expected none, got {values}"


def body_told(check, body):
    if "body" in check and not matches(check["body"], body):
        yield f"body: expected {wanted(check['body'])}, got {body[:300]!r}"


def client_told(check):
    got = STATE["client"].get(str(check["request"]), {})
    exit_code = int(got.get("exit", b"1"))
    outcome = "completed" if exit_code == 0 else "reset"
    if check.get("outcome", outcome) != outcome:
        yield f"expected {check['outcome']}, curl ended with {exit_code}"
    # The last block: those before it are 1xx.
    blocks = got.get("headers", b"").strip().split(b"\r\n\r\n")
    lines = blocks[-1].split(b"\r\n")
    pairs = [line.split(b":", 1) for line in lines[1:] if b":" in line]
    headers = [(name.decode("latin-1").lower(), value.strip()) for name, value in pairs]
    status = lines[0].split(b" ")[1].decode() if b" " in lines[0] else "nothing"
    if "status" in check and status != str(check["status"]):
        yield f"status: expected {check['status']}, got {status}"
    yield from headers_told(check, [(":status", status.encode())] + headers)
    yield from body_told(check, got.get("body", b""))


def upstream_told(check):
    cluster = check.get("cluster")
    requests = [one for name, one in STATE["requests"] if cluster in (None, name)]
    if "count" in check and len(requests) != check["count"]:
        yield f"requests: expected {check['count']}, got {len(requests)}"
    if not any(key in check for key in ("headers", "no_headers", "body")):
        return
    if check["request"] >= len(requests):
        yield "there is no such request"
        return
    request = requests[check["request"]]
    yield from headers_told(check, request["headers"])
    yield from body_told(check, request["body"])


def control(connection):
    """One question of verify.sh: PUT leaves something, POST asks."""
    try:
        start, _, body, _ = Reader(connection).message()
        words = start[1].decode().strip("/").split("/")
        out = b""
        if words[0] == "reset":
            reset()
        elif words[0] == "client":
            with LOCK:
                STATE["client"].setdefault(words[1], {})[words[2]] = body
        elif words[0] == "log":
            with LOCK:
                STATE["log"] = log_lines(body)
        elif words[0] == "check":
            with LOCK:
                out = "".join(line + "\n" for line in told(json.loads(body))).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s" % (len(out), out))
    except (EOFError, OSError, ValueError) as problem:
        text = f"{type(problem).__name__}: {problem}\n".encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s" % (len(text), text))
    finally:
        connection.close()


def main():
    LAB.update(json.loads(pathlib.Path(sys.argv[1]).read_text()))
    reset()
    for cluster in LAB["clusters"]:
        serve_one = serve_bytes if LAB["tcp"] else serve
        for address, port in cluster["listen"]:
            listen(address, port, lambda connection, c=cluster, s=serve_one: s(c, connection))
    listen("0.0.0.0", LAB["control"], control)
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
