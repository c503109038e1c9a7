"""The figures of a comparison as tables in Markdown, each beside its ratio to Tallylog's."""

OURS = "Tallylog"
QUESTIONS = {
    1: "Q1 a topic per hour, 30 days", 2: "Q2 a user per day, 30 days",
    3: "Q3 top 10 users of a topic, 7 days", 4: "Q4 top 10 topics, 7 days",
    5: "Q5 last 100 messages of a topic before T"}


def each(figure, name="cpu"):
    return figure[name] * 1e6 / figure["messages"]


def question(kind, name):
    return lambda engine: engine["questions"][kind][name]


def works(found):
    """What is compared: its name, how to find it, and whether more is better."""
    messages = found["messages"]
    rows = [
        ("ingest, batches of 10,000, each durable, messages/s",
         lambda engine: messages / engine["ingest"]["seconds"], True),
        ("- CPU, us a message", lambda engine: each(engine["ingest"]), False),
        ("- with its checkpoint at the end, messages/s",
         lambda engine: messages / engine["ingest and checkpoint"]["seconds"], True),
        ("- CPU of that, us a message",
         lambda engine: each(engine["ingest and checkpoint"]), False)]
    for kind, name in QUESTIONS.items():
        rows += [(f"{name}, p50 us", question(kind, "p50"), False),
                 ("- p99 us", question(kind, "p99"), False),
                 ("- CPU, us", question(kind, "cpu"), False)]
    return rows + [
        ("bytes a message on disk", lambda engine: engine["bytes"]["bytes"] / messages, False),
        ("memory of its own while ingesting, MB", lambda engine: engine["memory"] / 1e6, False),
        ("opening after a clean stop, ms", lambda engine: engine["open"]["seconds"] * 1e3, False)]


def digits(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cells(values, more):
    """Each value with how many times better ours is; the best in bold."""
    best = (max if more else min)(values.values())
    ours = values.get(OURS)
    for name, value in values.items():
        text = f"**{digits(value)}**" if value == best else digits(value)
        if name == OURS or ours is None:
            yield text
        else:
            yield f"{text} ({digits(ours / value if more else value / ours)}x)"


def markdown(found):
    engines, floor = found["engines"], found["floor"]
    lines = [
        f"{found['messages']:,} messages of {found['message_bytes']:.0f} bytes, {found['date']}; "
        + ", ".join(f"{name} {version}" for name, version in found["versions"].items()) + ".",
        f"In brackets how many times better {OURS} is; the best of a row in bold.", "",
        "| | " + " | ".join(engines) + " |", "|---" * (len(engines) + 1) + "|"]
    for name, value_of, more in works(found):
        values = {engine: value_of(figures) for engine, figures in engines.items()}
        lines.append(f"| {name} | " + " | ".join(cells(values, more)) + " |")
    lines += ["", "A log file alone, by the same batches: " + "; ".join(
        f"{name} {digits(found['messages'] / floor[key]['seconds'])} messages/s, "
        f"{each(floor[key]):.2f} us of CPU"
        for key, name in (("append", "appended"), ("direct", "past the page cache")))
        + f". One message at a time: p50 {digits(floor['single']['p50'])} us, "
        f"p99 {digits(floor['single']['p99'])} us."]
    if OURS in engines:
        share = floor["direct"]["seconds"] / engines[OURS]["ingest"]["seconds"]
        lines.append(f"{OURS} ingests at {share:.2f} of the rate of the log past the page cache.")
    if "archiving" in engines.get(OURS, {}):
        lines.append(
            f"{OURS} makes archives of its journals after ingest, merges them and rewrites its "
            f"rollups: {each(engines[OURS]['archiving']):.1f} us of CPU a message more. Bytes and "
            "questions are those after it.")
    if "everysec" in engines.get("Redis", {}):
        lax = engines["Redis"]["everysec"]
        lines.append(
            f"Redis told to synchronize every second, which may lose that second: "
            f"{digits(found['messages'] / lax['seconds'])} messages/s, "
            f"{each(lax):.1f} us of CPU a message.")
    return "\n".join(lines) + "\n"
