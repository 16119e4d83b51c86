package authenticator

// An Attestation is what a new credential says of the device that made it.
type Attestation int

// The attestations (WebAuthn 2, 8).
const (
	AttestChain Attestation = iota // "packed" with a certificate chain
	AttestSelf                     // "packed", signed by the credential's own key
	AttestNone                     // "none"
	AttestU2F                      // "fido-u2f"
)
