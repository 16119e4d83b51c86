// Package doctor looks at what stella needs around it and says what to do.
//
// It only looks: at names, sizes, modes and times of files, and at what the
// caller found out the same way. It opens no socket, no device and no token,
// asks for no secret and writes nothing.
package doctor

import "slices"

// State is what a finding means.
type State string

// The states. Only a Problem keeps something from working that is wanted.
const (
	OK      State = "ok"
	Note    State = "note"    // not there or not to be used; fine if it is not wanted
	Problem State = "problem" // asked for and does not work, or is not safe
)

// Finding is one line of the result.
type Finding struct {
	Check string `json:"check"`
	State State  `json:"state"`
	// What is found, in one sentence. It may quote names of files and devices.
	What string `json:"what"`
	// Do says what to do about it; empty where nothing is to be done.
	Do string `json:"do,omitempty"`
}

// check is a row of the table: it looks at one thing.
type check struct {
	name string
	look func(*World) []Finding
}

func checks() []check {
	return []check{
		{"drivers", lookDrivers},
		{"pkcs11", lookModules},
		{"fido2", lookTokens},
		{"tpm", lookTPM},
		{"plugins", lookPlugins},
		{"state", lookState},
		{"keyring", lookKeyring},
		{"audit log", lookAudit},
		{"configuration", lookConfiguration},
		{"trust", lookTrust},
		{"offline kits", lookKits},
		{"clock", lookClock},
		{"cryptography", lookCryptography},
	}
}

// Examine runs every check, in the order of the table.
func Examine(w *World) []Finding {
	var out []Finding
	for _, c := range checks() {
		for _, f := range c.look(w) {
			f.Check = c.name
			out = append(out, f)
		}
	}
	return out
}

// Healthy reports whether no finding is a problem.
func Healthy(findings []Finding) bool {
	return !slices.ContainsFunc(findings, func(f Finding) bool { return f.State == Problem })
}

func ok(what string) Finding          { return Finding{State: OK, What: what} }
func note(what, do string) Finding    { return Finding{State: Note, What: what, Do: do} }
func problem(what, do string) Finding { return Finding{State: Problem, What: what, Do: do} }
