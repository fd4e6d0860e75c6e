"""Draws the samples of a pack again from its population, and holds them against those in it."""
import csv, hashlib, io, json, sys

params = json.load(open("samples/sample_params.json", encoding="utf-8"))
population = open(params["population"], "rb").read()
if hashlib.sha256(population).hexdigest() != params["population_sha256"]:
    sys.exit("does not hold: %s is another file" % params["population"])
lines = list(csv.DictReader(io.StringIO(population.decode("utf-8"), newline="")))


def below(label, i, bound):
    text = "\n".join([params["algorithm"], params["seed"], params["population_sha256"], label, str(i)])
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest(), "big") % bound


for sample in params["samples"]:
    label, n = sample["method"] + "/" + sample["side"], sample["n"]
    sign = 1 if sample["side"] == "DEBITS" else -1
    items = [line for line in lines if sign * int(line[params["column"]]) > 0]
    total = sum(sign * int(line[params["column"]]) for line in items)
    places, interval, unit = set(), 0, 0
    if items and sample["method"] == "MONETARY_UNIT":
        interval = max(total // n, 1)
        unit = 1 + below(label, 0, interval)
        assert (interval, unit) == (sample["interval_minor"], sample["start_minor"]), sample["file"]
    elif n >= len(items):
        places = set(range(1, len(items) + 1))
    else:
        i = 0
        while len(places) < n:
            places.add(1 + below(label, i, len(items)))
            i += 1
    drawn, cumulative = [], 0
    for item, line in enumerate(items, 1):
        amount = sign * int(line[params["column"]])
        cumulative += amount
        hits = int(item in places)
        while interval and unit <= cumulative:
            hits, unit = hits + 1, unit + interval
        if hits:
            drawn.append([str(v) for v in (item, line["line_id"], line["entry"], line["line"], line["account"], amount, cumulative, hits)])
    kept = list(csv.reader(open(sample["file"], encoding="utf-8", newline="")))[1:]
    if (len(items), total, len(drawn)) != (sample["items"], sample["total_minor"], sample["drawn"]) or drawn != kept:
        sys.exit("does not hold: %s is not what is drawn" % sample["file"])
    print("%s: %d of %d items, %d in all, as drawn again" % (sample["file"], len(drawn), len(items), total))
