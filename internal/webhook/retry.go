package webhook

import "time"

// waits are between the attempts of a delivery: the first mend what passes by itself, the
// last leave people three days to mend the rest. Standard Webhooks proposes them.
var waits = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// spread is by how much of a wait it is longer or shorter, at random: what failed together
// does not come back together.
const spread = 10 // a tenth

// retryIn returns how long to wait after so many attempts have failed; more is false where
// they were the last. random returns a number below its argument.
func retryIn(failed int, random func(time.Duration) time.Duration) (wait time.Duration, more bool) {
	if failed > len(waits) {
		return 0, false
	}
	wait = waits[failed-1]
	return wait - wait/spread + random(2*wait/spread+1), true
}
