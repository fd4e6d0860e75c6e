package books

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"drawdown/ledger"
)

// proposed is what the SHA-256 of a manual entry is of, in the order in which it is written.
type proposed struct {
	ID              string          `json:"id"`
	Kind            string          `json:"kind"`
	AccountingDate  string          `json:"accountingDate"`
	ReverseOn       string          `json:"reverseOn"` // "" for never
	Reverses        string          `json:"reverses"`  // "" for nothing
	Description     string          `json:"description"`
	Reason          string          `json:"reason"`
	ControlAccounts string          `json:"controlAccounts"`
	Lines           []proposedLine  `json:"lines"`
	Attachments     []proposedPaper `json:"attachments"` // in order of name
}

type proposedLine struct {
	Account            ledger.Role     `json:"account"`
	Amount             string          `json:"amount"` // debit positive
	Currency           ledger.Currency `json:"currency"`
	FunctionalAmount   string          `json:"functionalAmount"`
	FunctionalCurrency ledger.Currency `json:"functionalCurrency"`
	Customer           string          `json:"customer"` // as in the journal; "" for none
	Policy             string          `json:"policy"`
	Pack               string          `json:"pack"`
}

type proposedPaper struct {
	Name      string `json:"name"`
	MediaType string `json:"mediaType"`
	SHA256    string `json:"sha256"`
}

// SHA256 is of all that is proposed: what the entry says, its lines, and the SHA-256 of every paper, as
// docs/finance/manual-entries.md writes it. Who approves an entry says by it what they read.
func (m ManualEntry) SHA256(papers []Attachment) (string, error) {
	of := proposed{
		ID: "man_" + m.ID, Kind: string(m.Kind), AccountingDate: m.AccountingDate.String(), Description: m.Description, Reason: m.Reason,
		ControlAccounts: m.ControlAccounts, Lines: make([]proposedLine, len(m.Lines)), Attachments: make([]proposedPaper, len(papers)),
	}
	if m.ReverseOn != 0 {
		of.ReverseOn = m.ReverseOn.String()
	}
	if m.Reverses != "" {
		of.Reverses = "man_" + m.Reverses
	}
	for i, line := range m.Lines {
		of.Lines[i] = proposedLine{
			Account: line.Account, Amount: line.Amount.Text(), Currency: line.Amount.Currency, FunctionalAmount: line.Functional.Text(), FunctionalCurrency: line.Functional.Currency,
			Customer: line.Dimensions.Customer, Policy: line.Dimensions.Policy, Pack: line.Dimensions.Pack,
		}
	}
	for i, paper := range papers {
		of.Attachments[i] = proposedPaper{paper.Name, paper.MediaType, hex.EncodeToString(paper.Hash)}
	}
	slices.SortFunc(of.Attachments, func(x, y proposedPaper) int { return cmp.Compare(x.Name, y.Name) })
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(of); err != nil {
		return "", fmt.Errorf("write manual entry %s as JSON: %w", m.ID, err)
	}
	sum := sha256.Sum256(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
	return hex.EncodeToString(sum[:]), nil
}

// checkSeen refuses to approve what the caller has not read: papers are added until an entry is decided.
// Errors: INVALID.
func checkSeen(ctx context.Context, tx Tx, m ManualEntry, seen string) error {
	papers, err := tx.ManualAttachments(ctx, []string{m.ID})
	if err != nil || len(papers) == 0 && seen == "" {
		return err // without papers it is named whole by its id
	}
	if seen == "" {
		return refuse(Invalid, "sha256", "is needed where papers are attached: the sha256 of the manual entry as you read it, so that no paper is approved unseen")
	}
	stands, err := m.SHA256(papers)
	if err != nil || strings.EqualFold(stands, seen) {
		return err
	}
	last := "no paper is attached"
	if len(papers) > 0 {
		latest := slices.MaxFunc(papers, func(x, y Attachment) int { return x.CreatedAt.Compare(y.CreatedAt) })
		last = fmt.Sprintf("the last of its %s is %q of %s", counted(fmt.Sprint(len(papers)), "paper"), latest.Name, latest.CreatedAt.UTC().Format(time.RFC3339))
	}
	return refuse(Invalid, "sha256", "is not that of the manual entry as it stands, %s: read it again", last)
}
