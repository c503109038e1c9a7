"""What the peers written in Python share: the data set as arrays, clocks, figures, questions.

The same as dataset.c and measuring.c for those written in C.
"""

import json
import resource
import time

import numpy
import pyarrow

BATCH = 10_000
PASSES = 3
MESSAGE = numpy.dtype([
    ("time", "<f8"), ("topic", "<u2"), ("user", "<u2"), ("second_user", "<u2"), ("length", "<u2")])


def messages_of(folder):
    return numpy.memmap(f"{folder}/idx.bin", dtype=MESSAGE, mode="r")


def batches(folder):
    """The messages as tables of a batch each. Their texts, line ends included, are not copied."""
    messages = messages_of(folder)
    ends = numpy.concatenate([[0], numpy.cumsum(messages["length"], dtype=numpy.int64)])
    text = pyarrow.memory_map(f"{folder}/msgs.jsonl").read_buffer()
    for start in range(0, len(messages), BATCH):
        rows = messages[start:start + BATCH]
        places = pyarrow.py_buffer(ends[start:start + len(rows) + 1].tobytes())
        body = pyarrow.Array.from_buffers(
            pyarrow.large_utf8(), len(rows), [None, places, text])
        columns = {name: rows[name].copy() for name in MESSAGE.names if name != "length"}
        yield pyarrow.table({**columns, "body": body})


def clocks():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), used.ru_utime + used.ru_stime


def report(name, messages, since):
    wall, processor = clocks()
    print(json.dumps({
        "figure": name, "messages": messages, "seconds": wall - since[0],
        "cpu": processor - since[1]}), flush=True)


def questions_of(folder):
    """By kind: name, and two hours or a time."""
    kinds = {kind: [] for kind in range(1, 6)}
    with open(f"{folder}/queries.txt") as file:
        for kind, *rest in (map(int, line.split()) for line in file):
            kinds[kind].append(rest)
    return kinds


def envelope_sum(body):
    """Of an envelope of Q5, as bytes without its line end."""
    return len(body) * body[len(body) // 2]


def answer_sum(kind, rows):
    """Of an answer, as measuring.h has it: pairs, or for Q5 envelopes."""
    if kind == 5:
        return sum(map(envelope_sum, rows))
    if kind <= 2:
        return sum((bucket % 1000 + 1) * count for bucket, count in rows)
    return sum((place + 1) * count for place, (_, count) in enumerate(rows))


def ask_all(folder, ask, rows_of):
    """Asks everything three times, as `ask_all` of measuring.c does.

    `ask` answers one question, with its kind, in the engine's own form; `rows_of` makes rows of
    that, which is not measured.
    """
    for kind, questions in questions_of(folder).items():
        best = [float("inf")] * len(questions)
        processor = 0
        for _ in range(PASSES):
            total = 0
            for place, question in enumerate(questions):
                begun = clocks()
                answer = ask(kind, *question)
                ended = clocks()
                best[place] = min(best[place], ended[0] - begun[0])
                processor += ended[1] - begun[1]
                total += answer_sum(kind, rows_of(kind, answer))
        best.sort()
        print(json.dumps({
            "figure": "question", "kind": kind, "p50": best[len(best) // 2] * 1e6,
            "p99": best[len(best) * 99 // 100] * 1e6,
            "cpu": processor * 1e6 / (PASSES * len(questions)), "sum": int(total)}), flush=True)
