"""Checks the proofs of a pack against checkpoint.txt: RFC 6962, by SHA-256 alone. Its signature is for openssl."""
import base64, glob, hashlib, json, os, sys

sha = lambda data: hashlib.sha256(data).digest()
node = lambda left, right: sha(b"\x01" + left + right)
read = lambda name: open(name, encoding="utf-8").read()


def tree(checkpoint):
    lines = checkpoint.split("\n")
    return lines[0], int(lines[1]), base64.b64decode(lines[2])


def included(leaf, index, size, path):  # RFC 9162, 2.1.3.2
    at, last, root = index, size - 1, leaf
    for beside in path:
        assert last > 0
        if at & 1 or at == last:
            root = node(beside, root)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            root = node(root, beside)
        at, last = at >> 1, last >> 1
    assert last == 0
    return root


def goes_on(small, root, size, newer, path):  # RFC 9162, 2.1.4.2
    if small == size:
        return not path and root == newer
    if small & (small - 1) == 0:
        path = [root] + path
    at, last = small - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for beside in path[1:]:
        assert last > 0
        if at & 1 or at == last:
            old, new = node(beside, old), node(beside, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node(new, beside)
        at, last = at >> 1, last >> 1
    return last == 0 and old == root and new == newer


def check():
    checkpoint = read("checkpoint.txt")
    name, size, root = tree(checkpoint)
    count = 0
    for file in sorted(glob.glob("proofs/*.json")):
        proof = json.loads(read(file))
        entry, form = proof["entry"], base64.b64decode(proof["entry"]["form"])
        assert proof["checkpoint"] == checkpoint and entry["size"] == size, file
        path = [base64.b64decode(h) for h in entry["hashes"] or []]
        assert included(sha(b"\x00" + form), entry["index"], size, path) == root, file
        number = int.from_bytes(form[2:10], "big")
        assert os.path.basename(file) == "JE-%06d.json" % number, file
        count += 1
    if os.path.exists("consistency_prev.json"):
        proof = json.loads(read("consistency_prev.json"))
        before, small, older = tree(proof["before"])
        path = [base64.b64decode(h) for h in proof.get("hashes") or []]
        assert proof["checkpoint"] == checkpoint and before == name, "consistency_prev.json"
        assert goes_on(small, older, size, root, path), "consistency_prev.json"
        print("the log of %d entries goes on from that of %d" % (size, small))
    print("%d entries are in the checkpoint" % count)


try:
    check()
except (AssertionError, ValueError, KeyError, IndexError, TypeError) as wrong:
    sys.exit("does not hold: %s" % wrong)
