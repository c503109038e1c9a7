#!/usr/bin/env python3
"""Starting and stopping `tallylog serve`, as an operator does.

usage: serving.py TALLYLOG

What could go wrong: two servers write to one directory; a stop under load loses what was
acknowledged, or takes minutes; a setting is passed over in silence.
"""

import json
import os
import tempfile
import threading
import time
import uuid

import redis

from harness import (
    START, Bus, Server, check, check_contains, fail, info, make_messages, tallylog, until)


def second_server(folder):
    with Server(folder) as server:
        server.client()
        said = tallylog("serve", "--data", server.data, code=3)
        check_contains("a second serve", said, str(server.process.pid), "tallylog", server.data)
        said = tallylog("verify", "--data", server.data, code=3)
        check_contains("verify beside a server", said, str(server.process.pid))
        said = tallylog("rebuild", "--data", server.data)
        check("the server rebuilds", said, "the rollups cover the log up to sequence 0\n")
        server.client()
        server.kill()
        # The dead server's socket and lock are in nobody's way.
        server.start()
        server.client()
        server.stop()
        check("the socket is gone", os.path.exists(server.socket), False)


class Client(threading.Thread):
    """APPENDs in pipelines until the server leaves."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.client = redis.Redis(unix_socket_path=server.socket, socket_timeout=30)
        self.acknowledged = []
        self.failure = None

    def run(self):
        try:
            number = 0
            while True:
                pipeline = self.client.pipeline(transaction=False)
                identities = [f"2026-{uuid.uuid4()}" for _ in range(20)]
                for identity in identities:
                    number += 1
                    pipeline.execute_command("APPEND", json.dumps({
                        "topic": "org.example.prod.client.append", "msg": {"n": number},
                        "msg_id": identity, "timestamp": START + number % 86_400}))
                pipeline.execute()
                self.acknowledged += identities
        except redis.exceptions.ConnectionError:
            return
        except Exception as error:  # handed to the main thread, which fails with it
            self.failure = error


def stop_under_load(folder):
    messages = list(make_messages(30_000))
    with Bus(folder) as bus, Server(folder, bus.endpoint) as server:
        idle, client = server.client(), server.client()
        bus.wait_for_subscriber(client)
        load = Client(server)
        load.start()
        for message in messages[:20_000]:
            bus.send(message)
        until("the load has begun", lambda: info(client)["appended"] > 1_000)
        for message in messages[20_000:]:
            bus.send(message)
        seconds = server.stop()
        load.join()
        if load.failure:
            fail(f"an APPEND before the end was refused: {load.failure!r}")
        print(f"{seconds:.2f} seconds from SIGTERM to the exit")
        check("it leaves within 10 seconds", seconds < 10, True)
        idle.close()

        server.start()
        client = server.client()
        figures = info(client)
        # Behind the watermark are only the feed's own notes of this start.
        check("all is folded", figures["sequence"] - figures["watermark"] <= 4, True)
        print(f"{len(load.acknowledged)} messages were acknowledged before the exit")
        missing = [
            i for i in load.acknowledged if client.execute_command("GET", i) is None]
        check("acknowledged messages that are missing", missing, [])
        check("the sequence is the count", figures["sequence"] >= client.execute_command("COUNT"),
              True)
        server.stop()


def settings(folder):
    store = os.path.join(folder, "data")
    file = os.path.join(folder, "tallylog.yaml")
    socket = os.path.join(folder, "other.sock")
    with Bus(folder) as bus:
        with open(file, "w", encoding="utf-8") as config:
            config.write(f"data: {store}\nsocket: {folder}/unused.sock\n"
                         f"subscribe:\n  - {bus.endpoint}\ntopic:\n  - org.example.prod.app1.\n")
        server = Server(folder, options=["--config", file, "--socket", socket])
        server.socket = socket
        server.command = [word for word in server.command if word not in ("--data", store)]
        with server:
            client = server.client()
            check("the file's endpoint", info(client)["feeds"], 1)
            until("the feed is connected", lambda: info(client)["feeds_connected"] == 1)
            messages = list(make_messages(2_000))
            wanted = sum(m["topic"].startswith("org.example.prod.app1.") for m in messages)
            probe = {"topic": "org.example.prod.app1.probe", "msg": {}, "timestamp": START}

            def arrived():
                bus.send(probe)
                return info(client)["received"] > 0

            until("a message of the file's prefix arrives", arrived)
            for message in messages:
                bus.send(message)
            until("all of that prefix arrive",
                  lambda: client.execute_command("COUNT") == wanted + 1)
            check("the file's directory", info(client)["data"], store)
            server.stop()

    said = tallylog("serve", "--config", os.path.join(folder, "absent.yaml"), code=64)
    check_contains("an absent configuration", said, "absent.yaml")
    with open(file, "w", encoding="utf-8") as config:
        config.write("data: [unclosed\n")
    said = tallylog("serve", "--config", file, code=64)
    check_contains("an unreadable configuration", said, file)
    said = tallylog("serve", code=64)
    check_contains("no directory", said, "--data")
    said = tallylog("serve", "--data", store, "--profile", "debian", code=64)
    check_contains("no such profile", said, "debian", "fedora", "generic")
    # The environment comes after the command line and before the file.
    os.environ["TALLYLOG_DATA"] = os.path.join(folder, "from-environment")
    server = Server(folder)
    server.command = [server.command[0], "serve", "--socket", socket]
    server.socket = socket
    with server:
        check("the environment's directory", info(server.client())["data"],
              os.environ["TALLYLOG_DATA"])
        server.stop()
    del os.environ["TALLYLOG_DATA"]


if __name__ == "__main__":
    for scenario in (second_server, stop_under_load, settings):
        begun = time.time()
        with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
            scenario(scratch)
        print(f"{scenario.__name__}: {time.time() - begun:.1f} s", flush=True)
    print("all equal")
