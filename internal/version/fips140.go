package version

import "crypto/fips140"

// FIPS140 describes the Go Cryptographic Module of this build. Setting GOFIPS140
// for the build freezes it at a version (https://go.dev/doc/security/fips140).
type FIPS140 struct {
	// Module is its version, or "latest" for the toolchain's own, which no
	// laboratory has tested.
	Module string `json:"module"`
	// Enabled says that the module checked itself at start and works in the mode
	// of FIPS 140-3.
	Enabled bool `json:"enabled"`
	// Certificate is the number of its certificate in NIST's Cryptographic Module
	// Validation Program, empty for a module without one.
	Certificate string `json:"certificate,omitempty"`
}

// Module returns what this build has.
func Module() FIPS140 {
	m := FIPS140{Module: fips140.Version(), Enabled: fips140.Enabled()}
	if m.Module == "v1.0.0" {
		m.Certificate = "5247" // 2026-04-27; the toolchain's lib/fips140/certified.txt names the module
	}
	return m
}

// Frozen reports whether the build has a module of a fixed version.
func (m FIPS140) Frozen() bool { return m.Module != "latest" }

// Validated reports whether a module with a certificate is at work.
func (m FIPS140) Validated() bool { return m.Certificate != "" && m.Enabled }

// Standing says in words what may be claimed.
func (m FIPS140) Standing() string {
	switch {
	case m.Certificate == "" && m.Frozen():
		return "not validated: Go Cryptographic Module " + m.Module + " has no certificate"
	case m.Certificate == "":
		return "not validated: this build has no validated module; build one with make build-fips"
	case !m.Enabled:
		return "not validated: Go Cryptographic Module " + m.Module + " is switched off by GODEBUG"
	}
	return "Go Cryptographic Module " + m.Module + ", CMVP certificate " + m.Certificate
}
