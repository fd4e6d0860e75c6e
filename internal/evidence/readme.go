package evidence

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"drawdown/ledger/export"
)

// check is a part of the README with a command that somebody runs in the unpacked directory.
type check struct {
	title, about, command string
}

// checks are those of what is in the pack. A test runs each.
func (p *pack) checks() []check {
	all := []check{
		{
			"The files are those that were written, all of them, and no others",
			"",
			"sha256sum -c --quiet SHA256SUMS\ntest \"$(find . -type f ! -name SHA256SUMS ! -name SHA256SUMS.sig | wc -l)\" -eq \"$(wc -l < SHA256SUMS)\"",
		}, {
			"The list of hashes is signed",
			"`pub.pem` is the key that seals were signed with when this pack was made. Hold it against the key that you got at another time: whoever made the files could have put another here.",
			"openssl pkeyutl -verify -pubin -inkey pub.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig",
		}, {
			"The checkpoint is signed",
			"`checkpoint.txt` is the seal of the period, as it was given out at the close. What is signed is all of it before the empty line; the last line ends in four bytes that name the key and the 64 of the signature.",
			"work=$(mktemp -d)\nsed '/^$/,$d' checkpoint.txt > \"$work/text\"\ntail -n 1 checkpoint.txt | sed 's/.* //' | base64 -d | tail -c 64 > \"$work/sig\"\nopenssl pkeyutl -verify -pubin -inkey checkpoint.pem -rawin -in \"$work/text\" -sigfile \"$work/sig\"",
		},
	}
	if len(p.manifest.proved) > 0 || len(p.manifest.goesOn) > 0 {
		about := "Each file in `proofs/` holds the bytes of an entry and the hashes that lead from them to the root in the checkpoint: RFC 6962, by SHA-256 alone."
		if len(p.manifest.goesOn) > 0 {
			about += " `consistency_prev.json` proves that the log goes on from the checkpoint of the close before: hold the earlier one, `before` in it, against the one that you were given then."
		}
		all = append(all, check{"The sampled entries are in the checkpoint", about, "python3 " + checkProofsName})
	}
	if p.has("samples/") {
		all = append(all, check{
			"The samples are drawn as it is said",
			fmt.Sprintf("By `samples/sample_params.json` the script draws again from `%s.csv`: simple random samples and monetary-unit samples, of debits and credits apart. Another seed of your own draws another sample: edit a copy of the file.", journalLinesName),
			"python3 " + drawSamplesName,
		})
	}
	if p.has(drilldownName) {
		all = append(all, check{
			"Every line of the journal is the sum of what is below it",
			fmt.Sprintf("`%s.csv` has for each line the recognitions that it sums, or the act that it books; the script adds them up, in whole numbers.", drilldownName),
			"python3 " + checkDrilldownName,
		})
	}
	var commands []string
	if proved := p.manifest.proved; len(proved) > 0 { // one shows how
		commands = append(commands, fmt.Sprintf("drawdown verify --proof %s --key '%s'", proved[0], p.manifest.verifier))
	}
	if len(p.manifest.goesOn) > 0 {
		command := "drawdown verify --proof " + consistencyName
		for _, key := range p.manifest.goesOn {
			command += fmt.Sprintf(" --key '%s'", key)
		}
		commands = append(commands, command)
	}
	if len(commands) > 0 {
		about := "It needs no book for this, and shows the entry in figures. `--key` is the key as you know it."
		if len(p.manifest.goesOn) > 1 {
			about += " The key was changed since the checkpoint before, so there are two: that of this checkpoint, and that of the one before."
		}
		all = append(all, check{"The same by the program", about, strings.Join(commands, "\n")})
	}
	return all
}

// readme says what is in the pack and how to check it.
func (p *pack) readme() []byte {
	var out bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	m := p.manifest
	by := m.Closing.Actor
	if m.Closing.ActorName != "" && m.Closing.ActorName != by {
		by += " (" + m.Closing.ActorName + ")"
	}
	line("# Evidence of %s\n", m.Period)
	line("The period %s to %s of a book in %s, days in the time zone %s. It was closed on %s by `%s`, and sealed with it: seal %d of the log `%s`.",
		m.FirstDay, m.LastDay, m.Book.Functional, m.Book.Zone, m.Closing.At.Format(time.RFC3339Nano), strings.ReplaceAll(by, "`", "'"), m.Seal.Number, m.Seal.Origin)
	line("The journal of the period has %d entries with %d lines.\n", m.Entries, m.Lines)
	line("Everything here is as of the instant of the closing%s. Amounts are debit positive, in major units and in minor units; text that a spreadsheet would take for a formula has an apostrophe before it in CSV.",
		map[bool]string{true: ", but for the files that the manifest marks `of_now`, which are as of the last act of the book", false: ""}[slices.ContainsFunc(p.files, func(f File) bool { return f.OfNow })])
	line("\n## To check it\n\nIn this directory. Each command ends with 0 where it holds, and with another code where it does not.")
	for i, c := range p.checks() {
		line("\n### %d. %s\n", i+1, c.title)
		if c.about != "" {
			line("%s\n", c.about)
		}
		line("```sh\n%s\n```", c.command)
	}
	line("\n## What is here\n\n| file | rows | |\n| --- | ---: | --- |")
	proofs := 0
	for _, file := range p.sorted() {
		if strings.HasPrefix(file.Name, "proofs/") {
			proofs++
			continue
		}
		rows := ""
		if file.Rows > 0 || strings.HasSuffix(file.Name, ".csv") || strings.HasSuffix(file.Name, ".parquet") {
			rows = fmt.Sprint(file.Rows)
		}
		about := file.About
		if file.OfNow { // how long it is, the manifest says
			rows = ""
			about += " (as of the book's last act)"
		}
		line("| `%s` | %s | %s |", file.Name, rows, about)
	}
	if proofs > 0 {
		line("| `proofs/*.json` | %d | proofs that sampled entries are in the checkpoint |", proofs)
	}
	line("| `manifest.json` | | what is in the pack: each file with its hash, its rows and what it adds up to |")
	line("| `SHA256SUMS`, `SHA256SUMS.sig` | | the hash of each file, and the signature of that |")
	if len(m.LeftOut) > 0 {
		line("\n## What is not here\n\n| | |\n| --- | --- |")
		for _, of := range m.LeftOut {
			line("| `%s` | %s |", of.Name, of.Why)
		}
	}
	if len(m.Totals) > 0 {
		line("\n## Control totals of the journal\n\n| currency | debits | credits |\n| --- | ---: | ---: |")
		for _, total := range m.Totals {
			line("| %s | %s | %s |", total.Currency, total.Debit, total.Credit)
		}
		for _, total := range m.InBook {
			line("| all, in %s | %s | %s |", total.Currency, total.Debit, total.Credit)
		}
	}
	return out.Bytes()
}

// proofName is where the proof of an entry is.
func proofName(entry int64) string { return "proofs/" + export.EntryCode(entry) + ".json" }
