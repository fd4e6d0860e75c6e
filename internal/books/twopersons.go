package books

import (
	"slices"
	"strings"
)

// Party is who takes part in an act that needs two persons: a proposal keeps it, for the
// day on which somebody else decides.
type Party struct {
	Actor   string   `json:"actor"`
	Persons []string `json:"persons"` // the names of the person behind the actor
	Makers  []string `json:"makers"`  // who gave the actor its access
}

// partyOf is the caller as a party.
func partyOf(caller Caller) Party {
	party := Party{Actor: caller.Actor, Persons: slices.Clone(caller.Persons), Makers: slices.Clone(caller.Makers)}
	if !slices.Contains(party.Persons, party.Actor) {
		party.Persons = append(party.Persons, party.Actor)
	}
	return party
}

// twoPersons holds that an act is approved by somebody else than who proposed it. Two tokens
// of one owner are one person, and so are a token and whoever made it, or made the token
// that made it: otherwise an admin could be two by making a token. Who made both of two
// tokens could be both of them; that is for the audit trail to show. Errors: SAME_PERSON.
func twoPersons(proposer, approver Party) error {
	if person, same := shared(proposer.Persons, approver.Persons); same {
		return refuse(SamePerson, "", "needs another person than the one who proposed it, and that was %s", person)
	}
	if maker, same := shared(proposer.Makers, approver.Persons); same {
		return refuse(SamePerson, "", "needs another person than %s, who gave %s its access", maker, proposer.Actor)
	}
	if maker, same := shared(proposer.Persons, approver.Makers); same {
		return refuse(SamePerson, "", "needs another person than one whose access %s gave, who proposed it", maker)
	}
	return nil
}

// shared returns a name that is in both lists; people write theirs in any case, and blanks around it are none of it.
func shared(some, others []string) (string, bool) {
	for _, name := range some {
		if slices.ContainsFunc(others, func(other string) bool { return strings.EqualFold(strings.TrimSpace(name), strings.TrimSpace(other)) }) {
			return name, true
		}
	}
	return "", false
}
