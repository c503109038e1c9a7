"""What the programs beside this file share: the command, a server, a bus, made-up messages."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid

import redis
import zmq

TALLYLOG = os.path.abspath(sys.argv[1])
SEED = int(os.environ.get("SEED", "20260101"))
START = 1_767_225_600  # 2026-01-01T00:00:00Z
DAYS = 9
TOPICS = [f"org.example.prod.app{i % 7}.thing{i}.done" for i in range(40)]
USERS = [f"user{i}" for i in range(300)]

random.seed(SEED)

# Of a broken connection redis-py says to which host and port it led, and falls over a path.
redis.connection.UnixDomainSocketConnection.host = "socket"
redis.connection.UnixDomainSocketConnection.port = 0


def make_messages(amount):
    """Messages with known topics, users and times; a tenth has no user. Every id is its own."""
    for number in range(amount):
        user = USERS[int(random.paretovariate(1.1)) % len(USERS)]
        message = {"n": number, "text": "x" * random.randrange(200)}
        if random.random() < 0.9:
            message["agent"] = user
        yield {
            "i": number,
            "msg": message,
            "msg_id": f"2026-{uuid.UUID(int=random.getrandbits(128), version=4)}",
            "timestamp": START + random.randrange(DAYS * 86_400),
            "topic": random.choice(TOPICS),
            "username": "apache",
        }


def write_lines(path, messages):
    with open(path, "w", encoding="utf-8") as file:
        for message in messages:
            file.write(json.dumps(message) + "\n")


def fail(sentence):
    raise SystemExit(f"FAILED (seed {SEED}): {sentence}")


def check(name, got, wanted):
    if got != wanted:
        fail(f"{name}\n  got    {got!r}\n  wanted {wanted!r}")
    print(f"equal: {name}", flush=True)


def check_contains(name, text, *parts):
    for part in parts:
        if part not in text:
            fail(f"{name}: no {part!r} in\n{text}")
    print(f"says so: {name}", flush=True)


def tallylog(*words, code=0, timeout=120, **options):
    """Runs a command, and returns what it wrote; fails unless it ends with `code`."""
    done = subprocess.run(
        [TALLYLOG, *map(str, words)], capture_output=True, text=True, timeout=timeout, **options)
    if done.returncode != code:
        fail(f"tallylog {' '.join(map(str, words))} ended with {done.returncode}, not {code}:\n"
             + done.stdout[-2000:] + done.stderr[-2000:])
    return done.stdout if code == 0 else done.stdout + done.stderr


def until(sentence, condition, patience=60):
    """Waits for a condition, and returns what it gave."""
    end = time.time() + patience
    while True:
        result = condition()
        if result:
            return result
        if time.time() > end:
            fail(f"waited {patience} seconds in vain: {sentence}")
        time.sleep(0.02)


class Server:
    """One `tallylog serve` after another on the same directory."""

    def __init__(self, folder, endpoint=None, options=()):
        self.data = os.path.join(folder, "data")
        self.log = os.path.join(folder, "serve.log")
        self.socket = os.path.join(self.data, "tallylog.sock")
        self.command = [TALLYLOG, "serve", "--data", self.data, *options]
        if endpoint:
            self.command += ["--subscribe", endpoint]
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, patience=90):
        """Ends it with SIGTERM, and returns the seconds that it took: systemd waits as long. A thread
        that gives way to all others may have to finish a step, of some hundred milliseconds of CPU."""
        begun = time.time()
        self.process.terminate()
        try:
            check("exit code after SIGTERM", self.process.wait(timeout=patience), 0)
        except subprocess.TimeoutExpired:
            fail(f"serve was still there {patience} seconds after SIGTERM:\n{self.written()}")
        return time.time() - begun

    def written(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def client(self, patience=60):
        """A client of the server that runs now, once it answers."""
        end = time.time() + patience
        while True:
            try:
                client = redis.Redis(unix_socket_path=self.socket, socket_timeout=300)
                client.ping()
                return client
            except redis.exceptions.RedisError:
                if self.process.poll() is not None:
                    fail(f"serve has left with {self.process.returncode}:\n"
                         + self.written()[-2000:])
                if time.time() > end:
                    raise
                time.sleep(0.02)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.tell()
        if self.process.poll() is None:
            self.kill()

    def tell(self):
        """Says how the server fares, where something has gone wrong with it."""
        try:
            state = f"has left with {self.process.wait(timeout=2)}"
        except subprocess.TimeoutExpired:
            state = "is running"
        print(f"serve {state}; it wrote:\n{self.written()[-4000:]}", flush=True)


class Repeating(threading.Thread):
    """Does `step` again and again, with a new connection whenever the server is started again."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server = server
        self.client = None
        self.stopping = threading.Event()
        self.failure = None

    def run(self):
        while not self.stopping.is_set() and not self.failure:
            try:
                if not self.client:
                    self.client = redis.Redis(
                        unix_socket_path=self.server.socket, socket_timeout=120)
                self.step()
            except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
                self.client = None
                time.sleep(0.01)
            except redis.exceptions.ResponseError as error:
                # A server that ends may still say that it closes.
                if "clos" not in str(error):
                    self.failure = error
            except BaseException as error:  # handed to the main thread, which fails with it
                self.failure = error

    def finish(self):
        self.stopping.set()
        self.join()
        self.check()

    def check(self):
        if self.failure:
            raise self.failure


class Bus:
    """A ZeroMQ publisher that keeps what a subscriber has not taken yet: all, or so many."""

    def __init__(self, folder, kept=0):
        self.endpoint = f"ipc://{folder}/bus"
        self.socket = zmq.Context.instance().socket(zmq.PUB)
        self.socket.setsockopt(zmq.SNDHWM, kept)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.bind(self.endpoint)

    def send(self, message):
        self.socket.send_multipart([message["topic"].encode(), json.dumps(message).encode()])

    def wait_for_subscriber(self, client):
        """Returns once what is sent arrives: a subscription takes a moment to come through. What
        is sent meanwhile is one message, again and again, at a time of its own."""
        before = info(client)["received"]
        probe = {"topic": "org.example.prod.probe", "msg": {}, "timestamp": START - 86_400,
                 "msg_id": "2026-00000000-0000-0000-0000-000000000000"}

        def arrived():
            self.send(probe)
            return info(client)["received"] > before

        until("a probe arrives", arrived)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


class PlainConnection(socket.socket):
    """A socket without a client's library. What it asks is of one line."""

    def __init__(self, server):
        super().__init__(socket.AF_UNIX)
        # A socket with a patience is refused at once where others are not accepted yet.
        self.connect(server.socket)
        self.settimeout(30)

    def ask(self, line):
        """The bytes that come until the answer of a PING behind it."""
        self.sendall(f"{line}\r\nPING the-end\r\n".encode())
        end, said = b"$7\r\nthe-end\r\n", b""
        while not said.endswith(end):
            part = self.recv(65_536)
            if not part:
                fail(f"the connection was closed after {line}: {said}")
            said += part
        return said[:-len(end)].decode()


def info(client):
    """INFO's figures, of all sections together."""
    return {
        key: value for key, value in client.info().items() if not isinstance(value, dict)}


def anonymous_bytes(process):
    """A process's memory that no file is behind; 0 once it has ended."""
    try:
        with open(f"/proc/{process}/status", encoding="ascii") as status:
            lines = [line for line in status if line.startswith("RssAnon")]
    except (FileNotFoundError, ProcessLookupError):
        lines = []
    return int(lines[0].split()[1]) * 1_024 if lines else 0


def read_all(client):
    """The envelopes of the log, in its order."""
    position, envelopes = 1, []
    while True:
        position, rows = client.execute_command("READ", "FROM", position, "LIMIT", 5_000)
        if not rows:
            return envelopes
        envelopes += [json.loads(row[1]) for row in rows]


def check_accounting(figures):
    check("received = appended + duplicate + rejected + queued", figures["received"],
          figures["appended"] + figures["duplicate"] + figures["rejected"] + figures["queued"])
