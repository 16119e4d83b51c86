// Package store keeps the offline kits that a machine was given: of each channel the
// active one and the one before it.
//
// # Activating
//
// [Store.Import] reads a kit once. What its header says is judged first, then its
// trust is imported into a trust bundle, then the statement over the kit is judged by
// the trust that results, and only then is anything of the kit written: into a
// directory of its own that nothing refers to yet. When all of it is there, as the
// manifest says and on disk, state.json is replaced, which names the directory. That
// one rename is the switch. [Store.Rollback] makes the same switch to the kit before.
//
// A process that is killed, a full disk and a power failure at any point leave the
// kit that was active before, whole, or the new one. What an interrupted import left
// is removed by the next one.
//
// # What never goes back
//
// A kit's version is higher than every one that was ever active in its channel, or
// somebody says why not; trust never goes back, whichever kit is active. Every
// activation stays in the history.
//
// # What fails
//
// A kit that fails is kept as it came, not unpacked, in a quarantine with a report,
// see [Quarantine]. It is for people who ask what happened, and nothing reads it.
//
// docs/formats/kit-state.md describes the files. Readers need no lock. All errors
// that a user meets are *fault.Error.
package store
