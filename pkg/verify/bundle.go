package verify

import "time"

// Bundle is a TUF-rooted trust bundle that a verdict rests on.
type Bundle struct {
	Name           string `json:"name"`
	RootVersion    int64  `json:"rootVersion"`
	TargetsVersion int64  `json:"targetsVersion"`
	// SignedAt is when its newest metadata was signed; zero if it does not say.
	SignedAt   time.Time `json:"signedAt,omitzero"`
	ImportedAt time.Time `json:"importedAt"`
	// Expires is when the first of its metadata expires.
	Expires time.Time `json:"expires"`
	// AgeSeconds is the time from SignedAt, or else from ImportedAt, to that of the
	// verification, in seconds.
	AgeSeconds int64 `json:"ageSeconds"`
	// Expired says that it has expired, and that the policy lets it pass.
	Expired bool `json:"expired,omitzero"`
	// PolicyReplacedUnsafe says that the policy of the bundle was left out.
	PolicyReplacedUnsafe bool `json:"policyReplacedUnsafe,omitzero"`
}
