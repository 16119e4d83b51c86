package world

import (
	"crypto/x509"
	"math/big"
	"time"
)

const ignoresCRLs = "it knows no revocation lists"

// privateMutations are about an organisation's own authority and what it revokes.
func privateMutations() []Mutation {
	usual := Options{Signer: PrivateCA, Log: NoLog}
	return []Mutation{
		{
			Name: "private-leaf-of-other-ca", Refused: "no trusted authority issued the certificate; it looks the same", Of: usual,
			change: change{making: func(w *World, o *Options) { o.deviation.ca = w.Stranger().Private }},
		},
		{
			Name: "private-leaf-of-fulcio", Refused: "the authority is trusted for another purpose", Of: usual,
			Accepted: "it asks all authorities alike, and this policy demands no issuer",
			change:   change{making: func(w *World, o *Options) { o.deviation.ca = w.Fulcio }},
		},
		{
			Name: "private-identity-other", Refused: "the certificate is of another identity", Of: usual,
			change: leaf(func(t *x509.Certificate) { t.EmailAddresses = []string{"dev@world.test"} }),
		},
		{
			Name: "private-leaf-expired", Refused: "the certificate had expired when the signature was stamped", Of: usual,
			change: leaf(func(t *x509.Certificate) { t.NotAfter = t.NotBefore.AddDate(0, 0, 7) }),
		},
		{
			Name: "private-leaf-revoked", Refused: "the certificate was revoked before it signed", Of: usual,
			Accepted: ignoresCRLs,
			change: crls(func(w *World, leaf *big.Int) []byte {
				return append(w.Private.CRL(CRL{Revoked: []Revocation{{leaf, w.Clock.Now().Add(-time.Hour)}}}), w.Private.CRL(CRL{ByRoot: true})...)
			}),
		},
		{
			Name: "private-intermediate-revoked", Refused: "the intermediate authority was revoked before it signed", Of: usual,
			Accepted: ignoresCRLs,
			change: crls(func(w *World, _ *big.Int) []byte {
				revoked := Revocation{w.Private.intermediate.cert.SerialNumber, w.Clock.Now().Add(-time.Hour)}
				return append(w.Private.CRL(CRL{}), w.Private.CRL(CRL{ByRoot: true, Revoked: []Revocation{revoked}})...)
			}),
		},
		{
			Name: "crl-missing", Refused: "nobody knows whether the certificate is revoked", Of: usual,
			Accepted: ignoresCRLs,
			change:   crls(func(*World, *big.Int) []byte { return nil }),
		},
		{
			Name: "crl-of-root-only", Refused: "nobody knows whether the leaf is revoked", Of: usual,
			Accepted: ignoresCRLs,
			change:   crls(func(w *World, _ *big.Int) []byte { return w.Private.CRL(CRL{ByRoot: true}) }),
		},
		{
			Name: "crl-expired", Refused: "a newer revocation list should have come", Of: usual,
			Accepted: ignoresCRLs,
			change: crls(func(w *World, _ *big.Int) []byte {
				return append(w.Private.CRL(CRL{From: w.Clock.Now().AddDate(0, 0, -7)}), w.Private.CRL(CRL{ByRoot: true})...)
			}),
		},
		{
			Name: "crl-of-tomorrow", Refused: "the revocation list is not yet valid", Of: usual,
			Accepted: ignoresCRLs,
			change: crls(func(w *World, _ *big.Int) []byte {
				return append(w.Private.CRL(CRL{From: w.Clock.Now().AddDate(0, 0, 1)}), w.Private.CRL(CRL{ByRoot: true})...)
			}),
		},
		{
			Name: "crl-of-other-ca", Refused: "the revocation lists are of another authority; they look the same", Of: usual,
			Accepted: ignoresCRLs,
			change: crls(func(w *World, _ *big.Int) []byte {
				other := w.Stranger().Private
				return append(other.CRL(CRL{}), other.CRL(CRL{ByRoot: true})...)
			}),
		},
	}
}

// crls replaces the revocation lists, given the signer's serial number.
func crls(f func(*World, *big.Int) []byte) change {
	return change{evidence: func(w *World, e *Evidence) { e.CRLs = f(w, e.Leaf().SerialNumber) }}
}
