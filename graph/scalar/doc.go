// Package scalar reads and writes the scalars and enums of the API.
//
// What always holds here:
//
//   - Money, credits, rates and quantities are strings in both directions. A JSON
//     number or a float literal has been through a float and is refused.
//   - What is read is bounded before it is parsed, and a refusal says what was given,
//     clipped, and what would be right.
//   - A zero Date, DateTime or Period is written as null, and null is never read as one.
package scalar
