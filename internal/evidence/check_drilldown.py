"""Adds up what is below each line of the journal, in minor units, and holds it against the line."""
import collections, csv, sys


def rows(name):
    with open(name, encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


kept, below = {}, collections.Counter()
for line in rows("gl/journal_lines.csv"):
    kept[line["line_id"]] = (int(line["amount_minor"]), int(line["functional_minor"]), line["account"], line["currency"])
functional = collections.Counter()
for part in rows("drilldown/journal_line_recognitions.csv"):
    key = part["line_id"] or "JE-%06d %s" % (int(part["entry"]), part["account"])  # what comes to nothing has no line
    below[key] += int(part["amount_minor"])
    functional[key] += int(part["functional_minor"])
    if part["line_id"] and kept[part["line_id"]][2:] != (part["account"], part["currency"]):
        sys.exit("does not hold: %s is another account or currency" % part["line_id"])
for key in set(kept) | set(below):
    minor, own, _, _ = kept.get(key, (0, 0, "", ""))
    if key in kept and key not in below or (below[key], functional[key]) != (minor, own):
        sys.exit("does not hold: %s is %d, and what is below it %d" % (key, minor, below[key]))
print("%d lines are the sums of what is below them" % len(kept))
