package keys

import (
	"crypto"
	"crypto/rsa"
	"slices"
	"strconv"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// Profile names the algorithms that a program may sign and verify with. Each
// allows a part of what ProfileDefault does, which is the zero value too.
type Profile string

// The profiles.
const (
	ProfileDefault Profile = "default" // every algorithm of this build
	ProfileFIPS    Profile = "fips"    // what FIPS 186-5 approves and a validated module of Go has
	ProfileGOST    Profile = "gost"    // GOST R 34.10-2012 only
	ProfileSM      Profile = "sm"      // SM2 only
	ProfilePQ      Profile = "pq"      // ML-DSA-65, alone or in a hybrid
)

// profile is a row of the table of profiles.
type profile struct {
	name Profile
	// algorithms are allowed beside RSA; nil allows any, RSA too.
	algorithms []Algorithm
	// signRSA and verifyRSA are the fewest bits of an RSA modulus, 0 for no RSA.
	signRSA, verifyRSA int
	// hybrid allows any other key that counts only together with one of algorithms.
	hybrid bool
}

// profiles is the table, and the only place that says what a profile allows.
//
// FIPS 186-5, section 5.1, allows RSA from 2,048 bits on. What is signed today
// must hold beyond 2030, which is where NIST SP 800-131A ends them, so signing
// takes 3,072.
func profiles() []profile {
	return []profile{
		{name: ProfileDefault},
		{name: ProfileFIPS, algorithms: []Algorithm{ECDSAP256, ECDSAP384, Ed25519}, signRSA: 3072, verifyRSA: 2048},
		{name: ProfileGOST, algorithms: []Algorithm{GOST256, GOST512}},
		{name: ProfileSM, algorithms: []Algorithm{SM2}},
		{name: ProfilePQ, algorithms: []Algorithm{MLDSA65}, hybrid: true},
	}
}

// Profiles returns all profiles, the default first.
func Profiles() []Profile {
	var out []Profile
	for _, p := range profiles() {
		out = append(out, p.name)
	}
	return out
}

// row returns the profile's row. A name that is not in the table, which no
// setting lets through, allows nothing.
func (p Profile) row() profile {
	if p == "" {
		p = ProfileDefault
	}
	for _, row := range profiles() {
		if row.name == p {
			return row
		}
	}
	return profile{name: p, algorithms: []Algorithm{}}
}

// Within reports whether p allows nothing that bound does not allow.
func (p Profile) Within(bound Profile) bool {
	return bound == p || bound == "" || bound == ProfileDefault
}

// Generate returns nil if keys of the algorithm may be made, else
// fault.ProfileForbidden.
func (p Profile) Generate(a Algorithm) error {
	row := p.row()
	bits, isRSA := rsaBits(a)
	if row.algorithms == nil || slices.Contains(row.algorithms, a) || isRSA && row.signRSA > 0 && bits >= row.signRSA {
		return nil
	}
	return fault.New(fault.ProfileForbidden, "profile %q makes no %s key", row.name, a).
		WithHint("make one of %s, or name another profile with --profile", row.list(row.signRSA)).
		With("profile", string(row.name)).With("algorithm", string(a))
}

// Sign returns nil if all of these keys may sign one payload together, else
// fault.ProfileForbidden.
func (p Profile) Sign(all ...crypto.PublicKey) error {
	row := p.row()
	together := row.hybrid && slices.ContainsFunc(all, func(k crypto.PublicKey) bool { return row.allows(k, row.signRSA) })
	for _, k := range all {
		if together || row.allows(k, row.signRSA) {
			continue
		}
		name := row.describe(k)
		return fault.New(fault.ProfileForbidden, "profile %q does not sign with %s", row.name, name).
			WithHint("sign with %s, or name another profile with --profile", row.list(row.signRSA)).
			With("profile", string(row.name)).With("algorithm", name)
	}
	return nil
}

// Verify returns for each trusted key nil if its signatures may count, else
// fault.KeyForbidden.
func (p Profile) Verify(trusted []TrustedKey) []error {
	row := p.row()
	out := make([]error, len(trusted))
	for i, k := range trusted {
		if row.allows(k.Public, row.verifyRSA) || row.inHybrid(k, trusted) {
			continue
		}
		name := row.describe(k.Public)
		out[i] = fault.New(fault.KeyForbidden, "key %q is %s, and profile %q does not verify with it", k.Name, name, row.name).
			WithHint("ask the signer for evidence by %s", row.list(row.verifyRSA)).
			With("profile", string(row.name)).With("algorithm", name)
	}
	return out
}

// inHybrid reports whether k counts only together with a key that is allowed.
func (r profile) inHybrid(k TrustedKey, trusted []TrustedKey) bool {
	return r.hybrid && k.Hybrid != "" && slices.ContainsFunc(trusted, func(o TrustedKey) bool {
		return o.Holder == k.Holder && o.Hybrid == k.Hybrid && r.allows(o.Public, r.verifyRSA)
	})
}

// allows judges one key; fewest is the bound on its bits if it is RSA.
func (r profile) allows(pub crypto.PublicKey, fewest int) bool {
	if r.algorithms == nil {
		return true
	}
	if k, ok := pub.(*rsa.PublicKey); ok {
		// FIPS 186-5, appendix A.1.1: an even length, and an exponent above 2^16.
		return fewest > 0 && k.N.BitLen() >= fewest && k.N.BitLen()%2 == 0 && k.E > 1<<16
	}
	a, err := AlgorithmOf(pub)
	return err == nil && slices.Contains(r.algorithms, a)
}

// describe names a key's algorithm, with what may be wrong about an RSA key.
func (profile) describe(pub crypto.PublicKey) string {
	if k, ok := pub.(*rsa.PublicKey); ok && k.E <= 1<<16 {
		return "rsa-" + strconv.Itoa(k.N.BitLen()) + " with exponent " + strconv.Itoa(k.E)
	}
	a, err := AlgorithmOf(pub)
	if err != nil {
		return "an unknown algorithm"
	}
	return string(a)
}

// list says what the profile allows.
func (r profile) list(fewest int) string {
	names := words(r.algorithms)
	if fewest > 0 {
		names = append(names, "rsa of "+strconv.Itoa(fewest)+" bits or more")
	}
	return strings.Join(names, ", ")
}

func words(list []Algorithm) []string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = string(a)
	}
	return out
}

// rsaBits returns the size in the name of an RSA algorithm.
func rsaBits(a Algorithm) (int, bool) {
	text, isRSA := strings.CutPrefix(string(a), "rsa-")
	bits, err := strconv.Atoi(text)
	return bits, isRSA && err == nil
}
