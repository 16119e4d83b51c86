// Package batch signs many small ready statements, in JSON lines or in the files
// of a folder, on all cores.
//
// Each statement is held to what a statement that is signed alone is held to, and
// its evidence is the same, byte for byte. Statements are taken in chunks, which
// go through stages without changing places:
//
//	read → sign, on all cores → record → hand on
//
// The uses of keys for a chunk are on disk in the audit log before any of its
// evidence is handed on; chunks that wait at the same time share an fsync, and all
// cores sign on meanwhile. What is held in memory is bounded by the number of chunks
// on the way, whatever the input's size, and used again for later ones.
package batch
