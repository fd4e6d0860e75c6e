package books

import (
	"context"
	"slices"
	"sync"
)

// knownPolicies remembers the policies that use has met, so that a transaction of usage,
// which may hold a single event, does not read them again. A policy never changes.
type knownPolicies struct {
	mu   sync.RWMutex
	byID map[string]Policy
	// fallback is the id of DefaultPolicy, "" while there is none.
	fallback string
}

// of returns the policies of the ids, and under "" the default one, where there is one.
func (k *knownPolicies) of(ctx context.Context, tx Tx, ids []string) (map[string]Policy, error) {
	policies := make(map[string]Policy, len(ids)+1)
	missing := k.known(ids, policies)
	if len(missing) > 0 {
		found, err := tx.PoliciesByID(ctx, missing)
		if err != nil {
			return nil, err
		}
		k.learn(found, false)
	}
	if _, known := policies[""]; !known {
		found, err := tx.PoliciesByCode(ctx, []string{DefaultPolicy})
		if err != nil {
			return nil, err
		}
		k.learn(found, true)
	}
	k.known(ids, policies)
	return policies, nil
}

// known adds what is known to the policies and returns the ids that are not.
func (k *knownPolicies) known(ids []string, policies map[string]Policy) (missing []string) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, id := range ids {
		if policy, known := k.byID[id]; known {
			policies[id] = policy
		} else if !slices.Contains(missing, id) {
			missing = append(missing, id)
		}
	}
	if k.fallback != "" {
		policies[""] = k.byID[k.fallback]
	}
	return missing
}

func (k *knownPolicies) learn(found []Policy, isDefault bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byID == nil {
		k.byID = map[string]Policy{}
	}
	for _, policy := range found {
		k.byID[policy.ID] = policy
		if isDefault {
			k.fallback = policy.ID
		}
	}
}
