// Package destination puts sealed files where a general ledger or an archive takes them: a
// directory, or a bucket that speaks S3.
//
// What always holds here:
//
//   - A file appears whole or not at all, under the name that it has in its batch.
//   - The same file again changes nothing; another file under a name that is taken is refused.
//   - Nothing is ever taken away.
package destination
