"""The sums of all answers, computed from the data set alone, by none of the engines.

usage: truth.py DATA
"""

import json
import sys

import numpy

import peer


def ten_largest(counts):
    return enumerate(sorted(counts.tolist(), reverse=True)[:10])


def main():
    folder = sys.argv[1]
    messages = peer.messages_of(folder)
    ends = numpy.cumsum(messages["length"], dtype=numpy.int64)
    text = numpy.memmap(f"{folder}/msgs.jsonl", mode="r")
    time, topic = numpy.array(messages["time"]), numpy.array(messages["topic"])
    users = [numpy.array(messages["user"]), numpy.array(messages["second_user"])]
    hours = (time // 3600).astype(numpy.int64)
    of_topic = {name: numpy.flatnonzero(topic == name) for name in range(1, 301)}
    sums = dict.fromkeys(range(1, 6), 0)
    for kind, questions in peer.questions_of(folder).items():
        for name, lower, upper in questions:
            if kind == 1:
                sums[1] += int((hours[of_topic[name]] % 1000 + 1).sum())
            elif kind == 2:
                days = [time[user == name] // 86400 % 1000 + 1 for user in users]
                sums[2] += int(sum(part.sum() for part in days))
            elif kind == 3:
                rows = of_topic[name]
                rows = rows[(hours[rows] >= lower) & (hours[rows] < upper)]
                counts = sum(numpy.bincount(user[rows], minlength=1 << 16) for user in users)
                counts[0] = 0
                sums[3] += sum((place + 1) * count for place, count in ten_largest(counts))
            elif kind == 4:
                first, last = numpy.searchsorted(hours, [lower, upper])
                counts = numpy.bincount(topic[first:last], minlength=301)
                sums[4] += sum((place + 1) * count for place, count in ten_largest(counts))
            else:
                rows = of_topic[name]
                for row in rows[:numpy.searchsorted(time[rows], lower)][-100:]:
                    length = int(messages["length"][row]) - 1
                    start = int(ends[row]) - length - 1
                    sums[5] += length * int(text[start + length // 2])
    print(json.dumps({"figure": "truth", "sums": sums}))


main()
