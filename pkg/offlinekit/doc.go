// Package offlinekit builds, reads and checks offline kits: everything that an auditor
// behind an air gap needs, as one signed archive.
//
// # Format
//
// A kit is a tar archive, as it is or compressed by gzip or zstd, or a directory of the
// same files. They stand in this order:
//
//   - manifest.json lists every file that follows it but the next two;
//   - statement.dsse.json is an envelope around an in-toto statement about the manifest
//     and checksums.txt, with one signature or several. A kit that is still to be signed
//     has none;
//   - statement*.sigstore.json are bundles around the same statement: a time stamp, the
//     entry of a log. There may be none;
//   - the entries, in the order of the manifest: those in trust/, which is a TUF
//     repository, and then the others. One is checksums.txt, which lists the rest for
//     sha256sum.
//
// So who reads a kit as a stream knows what is coming, and who vouches for it, before
// the first entry. docs/formats/offline-kit.md has all members and rules.
//
// # Reading
//
// [Read] takes a kit in one pass and in memory that does not grow with its files, and
// shows it to a [Sink]. It holds every file to the manifest; whom to trust for the
// manifest itself is decided by who reads the statement.
//
// # Hostile kits
//
// Names are relative, in Unicode's form NFC, without "..", control characters or names
// that Windows cannot write; no two differ only by case, and none is a directory of
// another. There are only regular files. The manifest has at most [MaxManifest] bytes
// and [MaxEntries] entries. A file that is missing, is too much, stands twice or out of
// its order, or has another size or digest is a [Finding], and what stands behind the
// end of the archive an error.
//
// All errors that a user meets are *fault.Error. Where a function lists its errors by
// reason, others may be added.
package offlinekit
