package books

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// maxKeyLength bounds an idempotency key: a UUID with a prefix fits five times.
const maxKeyLength = 200

// act is one idempotent use case on its way: which operation, under which key, on what.
type act struct {
	operation string // such as "purchase.create"
	key       string
	request   any
}

// once runs a use case in one transaction, at most once per key: the key, the hash of
// the request and the answer are written with the act itself. The same key with the
// same request gets the stored answer; with another it is refused. A failure writes
// nothing, so it does not burn the key. What others are told of the act is written with it.
// Errors: INVALID for the key, IDEMPOTENCY_CONFLICT, and those of do.
func once[A any](ctx context.Context, b *Books, a act, do func(context.Context, Tx) (answer A, subject string, err error)) (answer A, err error) {
	ctx, end := b.begin(ctx, a.operation)
	defer func() { end(err) }()
	if err := a.check(); err != nil {
		return answer, err
	}
	err = b.update(ctx, func(ctx context.Context, tx Tx) error {
		found, err := a.answered(ctx, tx, &answer)
		if err != nil || found {
			return err
		}
		var subject string
		ctx, before := trailing(ctx)
		if answer, subject, err = do(ctx, tx); err != nil {
			return err
		}
		if err := b.record(ctx, tx, a, answer, subject, before); err != nil {
			return err
		}
		return b.tellAct(ctx, tx, a.operation, answer, subject)
	})
	return answer, err
}

// check refuses a key that is none. Errors: INVALID.
func (a act) check() error {
	if n := utf8.RuneCountInString(a.key); n < 1 || n > maxKeyLength {
		return refuse(Invalid, "idempotencyKey", "must have 1 to %d characters, not %d", maxKeyLength, n)
	}
	return nil
}

// hash is that by which the request is known again, over its plain JSON: another form would make
// a conflict of a retry of what was asked before.
func (a act) hash() ([]byte, error) {
	text, err := json.Marshal(a.request)
	if err != nil {
		return nil, fmt.Errorf("%s: write the request as JSON: %w", a.operation, err)
	}
	sum := sha256.Sum256(append([]byte(a.operation+"\n"), text...))
	return sum[:], nil
}

// answered reads the stored answer of the act, if it was done before.
// Errors: IDEMPOTENCY_CONFLICT.
func (a act) answered(ctx context.Context, tx Tx, answer any) (bool, error) {
	record, found, err := tx.IdempotencyKey(ctx, a.key)
	if err != nil || !found {
		return false, err
	}
	hash, err := a.hash()
	if err != nil {
		return false, err
	}
	if !bytes.Equal(record.Hash, hash) {
		return false, refuse(IdempotencyConflict, "idempotencyKey", "%q was used for another request (%s): use a new key", a.key, record.Operation)
	}
	return true, json.Unmarshal(record.Answer, answer)
}

// record writes key, hash and answer of an act, who asked for it, and what it changed.
func (b *Books) record(ctx context.Context, tx Tx, a act, answer any, subject string, before *trail) error {
	hash, err := a.hash()
	if err != nil {
		return err
	}
	asked, err := askedText(a.request)
	if err != nil {
		return fmt.Errorf("%s: write the request for the audit trail: %w", a.operation, err)
	}
	stored, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("%s: write the answer as JSON: %w", a.operation, err)
	}
	err = tx.SaveIdempotencyKey(ctx, IdempotencyRecord{
		Key: a.key, Operation: a.operation, Hash: hash, Answer: stored, CreatedAt: b.clock(),
	})
	if err != nil {
		return err
	}
	return b.audit(ctx, tx, a.operation, subject, asked, before, answer)
}

// audit writes who did what, with what stood before and what stands after.
func (b *Books) audit(ctx context.Context, tx Tx, action, subject, detail string, before *trail, after any) error {
	caller := CallerOf(ctx)
	event := AuditEvent{
		ID: b.newID(), At: b.clock(), Actor: caller.Actor, ActorName: caller.Name, Kind: caller.Kind, Address: caller.Address,
		Action: action, Subject: subject, Detail: detail, RequestID: caller.RequestID, Reason: reasonOf([]byte(detail)),
	}
	if err := before.changed(&event, after); err != nil {
		return err
	}
	return tx.AppendAudit(ctx, event)
}
