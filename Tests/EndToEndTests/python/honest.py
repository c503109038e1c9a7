"""An honest client in a process of its own, beside hostile ones: asks COUNT again and again until
its input ends, then prints how long the answers took, in milliseconds, as JSON.

usage: honest.py SOCKET
"""

import json
import select
import socket
import sys
import time

client = socket.socket(socket.AF_UNIX)
client.settimeout(60)
client.connect(sys.argv[1])
waits = []
print("connected", flush=True)
while not select.select([sys.stdin], [], [], 0.002)[0]:
    begun = time.perf_counter()
    client.sendall(b"COUNT\r\n")
    answer = b""
    while not answer.endswith(b"\r\n"):
        part = client.recv(4_096)
        if not part:
            raise SystemExit(f"the server closed the honest client's connection: {answer}")
        answer += part
    if not answer.startswith(b":"):
        raise SystemExit(f"the honest client was told {answer}")
    waits.append((time.perf_counter() - begun) * 1_000)
waits.sort()
print(json.dumps({
    "asked": len(waits), "p50": waits[len(waits) // 2], "p99": waits[int(len(waits) * 0.99)],
    "max": waits[-1]}))
