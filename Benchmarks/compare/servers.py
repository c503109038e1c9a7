"""Private servers of PostgreSQL and Redis for one comparison, on Unix sockets of their own."""

import glob
import os
import shutil
import subprocess
import tempfile
import time

# As an administrator would set it for this machine: what is written often stays in memory, and
# checkpoints do not come while a batch waits. The rest is as installed, so commits are synchronous.
POSTGRESQL_SETTINGS = """
listen_addresses = ''
shared_buffers = 2GB
work_mem = 64MB
max_wal_size = 8GB
wal_compression = lz4
checkpoint_timeout = 15min
autovacuum = off
jit = off
"""


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(word) for word in file.read().split()]


def postgresql_programs():
    return sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]


class PostgreSQL:
    def __init__(self, folder):
        self.folder = os.path.join(folder, "postgresql")
        # A socket's path must be short, and both must belong to the user who runs the server.
        self.address = tempfile.mkdtemp(prefix="tallylog-compare-")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
            shutil.chown(self.address, "postgres")
        self.run("initdb", "-A", "trust", "-U", "postgres", "--no-sync")
        with open(os.path.join(self.folder, "postgresql.conf"), "a") as file:
            file.write(POSTGRESQL_SETTINGS)
            file.write(f"unix_socket_directories = '{self.address}'\n")

    def run(self, program, *words):
        command = [os.path.join(postgresql_programs(), program), "-D", self.folder, *words]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")

    def start(self):
        self.run("pg_ctl", "-l", os.path.join(self.folder, "log"), "-w", "start")

    def stop(self):
        self.run("pg_ctl", "-m", "fast", "-w", "stop")

    def remove(self):
        shutil.rmtree(self.folder)
        shutil.rmtree(self.address)

    def processes(self):
        with open(os.path.join(self.folder, "postmaster.pid")) as file:
            postmaster = int(file.readline())
        return [postmaster, *children(postmaster)]


class Redis:
    """`synchronize`: always, or everysec, which may lose a second."""

    def __init__(self, folder, synchronize="always"):
        self.folder = os.path.join(folder, "redis")
        self.sockets = tempfile.mkdtemp(prefix="tallylog-compare-")
        self.address = os.path.join(self.sockets, "redis")
        self.synchronize = synchronize
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)

    def start(self):
        self.server = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.address, "--dir", self.folder,
             "--save", "", "--appendonly", "yes", "--appendfsync", self.synchronize,
             "--auto-aof-rewrite-percentage", "0"], stdout=subprocess.DEVNULL)
        # It answers LOADING until its log is read.
        while self.command("ping") != "PONG":
            time.sleep(0.01)

    def command(self, *words):
        answer = subprocess.run(
            ["redis-cli", "-s", self.address, *words], capture_output=True, text=True)
        return answer.stdout.strip()

    def stop(self):
        self.command("shutdown", "nosave")
        self.server.wait()

    def remove(self):
        shutil.rmtree(self.folder)
        shutil.rmtree(self.sockets)

    def processes(self):
        return [self.server.pid]


def version_of(*command):
    answer = subprocess.run([*command, "--version"], check=True, capture_output=True, text=True)
    return answer.stdout


def postgresql_version():
    return version_of(os.path.join(postgresql_programs(), "postgres")).split()[2]


def redis_version():
    return version_of("redis-server").split("v=")[1].split()[0]
