"""A datagrepper for the programs beside this file, of either generation, with all its faults.

It answers /raw as datagrepper 0.7 (2015) or 1.x does: both ends included, messages of one time in
another order at each request, times as floats of whole seconds, envelopes written anew, totals that
are wrong on single pages, start=0 taken for no range at all. On top of that it fails, is slow, cuts
answers off, and gets messages late, as told.
"""

import http.server
import json
import math
import random
import sys
import threading
import time
import traceback
import urllib.parse


class Archive:
    """What a datagrepper has. Times are those of its database, with microseconds."""

    def __init__(self, seed, generation=2015, delay=0.0):
        self.random = random.Random(seed)
        self.generation = generation
        self.delay = delay
        self.lock = threading.Lock()
        self.rows = []
        self.requests = self.served = self.failed = 0
        self.down = False
        self.fault_rate = 0.0

    def add(self, envelope, now=True):
        """Takes a message; it shows up late, by up to `delay` seconds."""
        with self.lock:
            visible = time.time() + self.random.uniform(0, self.delay) if now else 0
            fraction = self.random.random() if self.generation != 2015 else 0
            self.rows.append((envelope["timestamp"] + fraction, visible, envelope))

    def matching(self, start, end):
        with self.lock:
            now = time.time()
            rows = [row for row in self.rows
                    if row[1] <= now and (start is None or start <= row[0] <= end)]
            # By time only: in which order ties come is another matter at each request.
            self.random.shuffle(rows)
        return sorted(rows, key=lambda row: row[0])

    def written(self, envelope):
        """An envelope as the archive writes it."""
        kept = ["i", "msg_id", "topic", "msg", "certificate", "signature"]
        if self.generation != 2015:
            kept += ["username", "crypto"]
        message = {key: envelope.get(key) for key in kept}
        message["timestamp"] = float(math.floor(envelope["timestamp"]))
        message["source_name"] = "datanommer"
        message["source_version"] = "0.6.5" if self.generation == 2015 else "1.4.0"
        if self.generation != 2015:
            message["headers"] = self.random.choice([{}, None])
            message["agent_name"] = message["username"]
            message["users"], message["packages"] = [], []
        keys = list(message)
        self.random.shuffle(keys)
        return {key: message[key] for key in keys}

    def page(self, query):
        """The answer to a request's parameters; ValueError where they are refused."""
        start, end = query.get("start"), query.get("end")
        rows, number = int(query.get("rows_per_page", 25)), int(query.get("page", 1))
        if rows > 100 or rows < 1 or number < 1 or query.get("order", "desc") not in (
                "asc", "desc"):
            raise ValueError("page, rows_per_page or order out of range")
        if start is None or end is None:
            raise ValueError("this one wants both ends")
        start, end = float(start), float(end)
        if self.generation == 2015:
            start, end = math.floor(start), math.floor(end)
        # A start of nought is no start, and then there is no end either.
        found = self.matching(*((start, end) if start else (None, None)))
        if query.get("order", "desc") == "desc":
            found.reverse()
        shown = found[(number - 1) * rows:number * rows]
        total, pages = len(found), math.ceil(len(found) / rows)
        if pages == 1:
            total = len(shown)
        arguments = {"start": start, "end": end, "delta": end - start, "page": number,
                     "rows_per_page": rows, "order": query.get("order"), "users": [],
                     "topics": [], "meta": []}
        with self.lock:
            self.served += len(shown)
        return {"arguments": arguments, "count": len(shown), "pages": pages, "total": total,
                "raw_messages": [self.written(row[2]) for row in shown]}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        archive = self.server.archive
        address = urllib.parse.urlsplit(self.path)
        with archive.lock:
            archive.requests += 1
            fault = archive.random.random() < archive.fault_rate
            kind = archive.random.choice(
                ["500", "502", "503", "cut", "closed", "slow", "words"]) if fault else None
            archive.failed += kind not in (None, "slow")
        if archive.down:
            return self.answer(503, "text/html", b"<h1>Service Unavailable</h1>")
        if address.path.rstrip("/") != "/datagrepper/raw":
            return self.answer(404, "application/json", b'{"error": "not_found"}')
        if kind == "slow":
            time.sleep(1.0)
        elif kind == "closed":
            self.close_connection = True
            return None
        elif kind == "words":
            return self.answer(200, "text/html", b"<html>A page for people</html>")
        elif kind == "503":
            return self.answer(503, "text/html", b"busy", {"Retry-After": "1"})
        elif kind in ("500", "502"):
            return self.answer(int(kind), "text/html", b"<h1>Proxy Error</h1>")
        query = dict(urllib.parse.parse_qsl(address.query))
        try:
            body = json.dumps(archive.page(query)).encode()
        except ValueError as error:
            status = 500 if archive.generation == 2015 else 400
            return self.answer(status, "application/json", json.dumps(
                {"error": str(error), "traceback": traceback.format_exc()}).encode())
        if kind == "cut":
            body = body[:len(body) // 2]
        return self.answer(200, self.headers.get("Accept", "text/html"), body)

    def answer(self, status, kind, body, headers=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # whoever asked was killed
            super().handle_error(request, client_address)


class Datagrepper:
    """An archive's server on a port of its own."""

    def __init__(self, archive):
        self.server = QuietServer(("127.0.0.1", 0), Handler)
        self.server.archive = archive
        self.address = f"http://127.0.0.1:{self.server.server_port}/datagrepper"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
