// Package s3test is a bucket in the process of a test, behind HTTP as S3 speaks it.
//
// What always holds here:
//
//   - Requests are answered only where they are signed by the one key (Signature Version 4,
//     also the chunks of a streamed body), and bodies have the hash that they were signed with.
//   - An object appears whole, by one PUT or once its parts are completed; parts but the last
//     have five mebibytes or more.
//
// A [Gateway] is a server of S3 by others, where the machine has one.
package s3test
