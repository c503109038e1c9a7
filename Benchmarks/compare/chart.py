"""The figures of a comparison as a picture: a panel per work, a bar per engine."""

from xml.sax.saxutils import escape
import math

import table

WIDTH, PANEL_WIDTH, BAR, GAP, MARGIN = 960, 300, 14, 4, 20
NAMES, LABELS, TITLE = 92, 62, 34
OURS, OTHERS, INK, PAPER = "#c8452b", "#9aa5b1", "#22272e", "#ffffff"


def panels(found):
    """Those works that fit a picture, with titles of their own."""
    rows = table.works(found)
    titles = {
        0: "Messages/s, durable", 1: "Ingest, CPU us a message",
        4: "Q1 topic per hour, us", 7: "Q2 user per day, us", 10: "Q3 top users, us",
        13: "Q4 top topics, us", 16: "Q5 last 100 messages, us", 19: "Bytes a message",
        20: "Memory while ingesting, MB"}
    for place, title in titles.items():
        _, value_of, more = rows[place]
        values = {name: value_of(engine) for name, engine in found["engines"].items()}
        yield title + (" (more is better)" if more else ""), values


def text(x, y, content, size=11, anchor="start", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'font-weight="{weight}" fill="{INK}">{escape(content)}</text>')


def panel(left, top, title, values):
    """Bars grow with the logarithm where the values are far apart."""
    low, high = min(values.values()), max(values.values())
    far = high > 30 * low
    parts = [text(left, top + 12, title + (", log" if far else ""), 12, weight="bold")]
    room = PANEL_WIDTH - NAMES - LABELS
    for place, (name, value) in enumerate(values.items()):
        y = top + TITLE - 14 + place * (BAR + GAP)
        share = value / high
        if far:
            share = (math.log(value / low) + 0.5) / (math.log(high / low) + 0.5)
        length = max(1.0, share * room)
        ours = name == table.OURS
        parts += [
            text(left + NAMES - 6, y + 11, name, anchor="end", weight="bold" if ours else "normal"),
            f'<rect x="{left + NAMES}" y="{y}" width="{length:.1f}" height="{BAR}" '
            f'fill="{OURS if ours else OTHERS}"/>',
            text(left + NAMES + length + 4, y + 11, table.digits(value), 10)]
    return parts


def picture(found):
    height_of_panel = TITLE + len(found["engines"]) * (BAR + GAP) + 6
    parts = []
    drawn = list(panels(found))
    for place, (title, values) in enumerate(drawn):
        row, column = divmod(place, 3)
        left = MARGIN + column * (PANEL_WIDTH + 10)
        parts += panel(left, MARGIN + row * height_of_panel, title, values)
    height = 2 * MARGIN + math.ceil(len(drawn) / 3) * height_of_panel + 8
    about = (f"{found['messages']:,} messages of {found['message_bytes']:.0f} bytes, one run, "
             f"{found['date']}; medians for questions; log: bars grow with the logarithm.")
    parts.append(text(MARGIN, height - 12, about, 10))
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>', *parts, "</svg>"]) + "\n"
