#!/usr/bin/env python3
"""Writes the man page from what the command says of itself.

usage: tallylog --experimental-dump-help | make_manual.py VERSION >tallylog.1
"""

import json
import sys


def escaped(text):
    """Text as roff shows it: dashes that can be typed, no line that reads like a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\n".join("\\&" + line if line.startswith(".") else line for line in text.split("\n"))


def paragraphs(text):
    """Indented lines stay as they are; the others flow."""
    lines, is_literal = [], False
    for line in text.split("\n"):
        if line.startswith("  ") != is_literal and line:
            is_literal = not is_literal
            lines.append(".PP\n.RS 4\n.nf" if is_literal else ".fi\n.RE\n.PP")
        if line:
            lines.append(escaped(line[2:] if is_literal else line))
        elif not is_literal:
            lines.append(".PP")
    return lines + ([".fi\n.RE"] if is_literal else [])


def argument(entry):
    """An argument as it is typed."""
    value = f"\\fI{escaped(entry['valueName'])}\\fR"
    if entry["kind"] == "positional":
        return value
    names = ", ".join(
        "\\fB" + escaped(("-" if name["kind"] == "short" else "--") + name["name"]) + "\\fR"
        for name in entry["names"])
    return names if entry["kind"] == "flag" else f"{names} {value}"


def arguments(command):
    lines = []
    for entry in command.get("arguments", []):
        if entry["shouldDisplay"] and entry["valueName"] not in ("help", "version"):
            lines += [".TP", argument(entry), escaped(entry.get("abstract", ""))]
    return lines


def page(tool, version):
    lines = [
        f'.TH TALLYLOG 1 "" "Tallylog {version}" "User Commands"',
        ".SH NAME", f"tallylog \\- {escaped(tool['abstract'])}",
        ".SH SYNOPSIS", "\\fBtallylog\\fR \\fIcommand\\fR [\\fIoptions\\fR] [\\fIwords\\fR ...]",
        ".SH DESCRIPTION", *paragraphs(tool["discussion"]),
        ".SH COMMANDS"]
    for command in tool["subcommands"]:
        if command["commandName"] == "help" or not command["shouldDisplay"]:
            continue
        lines += [f".SS tallylog {escaped(command['commandName'])}", escaped(command["abstract"])]
        if command.get("discussion"):
            lines += [".PP", *paragraphs(command["discussion"])]
        lines += arguments(command)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page(json.load(sys.stdin)["command"], sys.argv[1]))
