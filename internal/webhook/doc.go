// Package webhook sends others what they are to be told, by the Standard Webhooks scheme:
// https://www.standardwebhooks.com.
//
// What always holds here:
//
//   - What is sent was committed before: the book keeps it, with the act itself. It is sent
//     at least once, by whichever server claims it, and each time under the same id. Who
//     dies between sending and saying so leaves it to be sent again. No order is promised.
//   - Nothing is sent to a private address, wherever a name leads when it is sent to, and
//     nothing follows a redirect, unless whoever runs the server says so.
//   - One endpoint has its own few senders, so that one that is slow holds up no other.
//   - To stop is to begin no other attempt, let those at work end, and give the rest back.
package webhook
