// Package forecast says when a customer's credits run out, from what was used lately. It is
// statistics about the future, in floating point, and books nothing.
//
// What always holds here:
//
//   - The same input gives the same answer: chance has a fixed seed.
//   - Values in, values out: no clock, no database.
//   - Where there is too little to go by there is no forecast, and a reason.
package forecast
