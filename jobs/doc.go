// Package jobs rings the bell for what recurs: booking what was used, what lapsed, what
// fell due, what is expected to lapse.
//
// What always holds here:
//
//   - The bell is no clock. A run books every day that has ended and is not booked yet, so
//     a ring that was missed, or rang twice, changes no figure.
//   - It rings once at the start, because cron does not make up for downtime, and then by
//     a schedule in UTC, because cron skips and doubles local times where clocks change.
//   - Runs never overlap: a ring while one is at work is skipped. Other processes are held
//     off by the lease of the book.
//   - A run that panics or fails ends alone; the next ring comes.
//   - To stop is to let the step that is at work finish, and to begin no other.
package jobs
