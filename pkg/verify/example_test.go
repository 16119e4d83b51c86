package verify_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// Verify an envelope about an artifact with a public key.
func Example() {
	const publicKey = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=
-----END PUBLIC KEY-----
`
	const envelope = `{"payload":"eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEiLCJwcmVkaWNhdGUiOnsiYm9tRm9ybWF0IjoiQ3ljbG9uZURYIn0sInByZWRpY2F0ZVR5cGUiOiJodHRwczovL2N5Y2xvbmVkeC5vcmcvYm9tIiwic3ViamVjdCI6W3siZGlnZXN0Ijp7InNoYTI1NiI6ImExNzJjZWRjYWU0NzQ3NGI2MTVjNTRkNTEwYTVkODRhOGRlYTMwMzJlOTU4NTg3NDMwYjQxMzUzOGJlM2YzMzMifSwibmFtZSI6ImFwcCJ9XX0=","payloadType":"application/vnd.in-toto+json","signatures":[{"keyid":"sha256:324be2dea8bc44461b0233e51fa48902ed6b1cc671e7739af2551e0bfe68f54e","sig":"sV592McXk52r2zAjm/Ay+0VzY1NniRGWTyTDmwBX4iaAhcQ6d5+vXDhGYxyrm/+m6PNIBeTrdd2zCLmmaE76BA=="}]}`
	parsed, err := keys.ParsePublic([]byte(publicKey))
	if err != nil {
		panic(err)
	}
	trust, err := keys.NewTrust(keys.TrustedKey{Name: "release", Public: parsed[0].Key, AnyPredicateType: true})
	if err != nil {
		panic(err)
	}
	evidence := &verify.Evidence{}
	if err := evidence.Read("release.dsse.json", strings.NewReader(envelope), int64(len(envelope))); err != nil {
		panic(err)
	}
	report, err := verify.Verify(context.Background(), evidence, &verify.Policy{
		Trust:     trust,
		Threshold: 1,
		Subjects:  []verify.Artifact{{Name: "app", Content: dsse.Bytes("app")}},
		At:        time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
	})
	fmt.Println(report.Verified, err)
	for _, check := range report.Results[0].Checks {
		fmt.Println(check.Name, check.Status)
	}
	// Output:
	// true <nil>
	// signature passed
	// statement passed
	// subject passed
	// type not_demanded
	// time not_demanded
	// key passed
	// log not_demanded
	// sct not_demanded
	// threshold passed
	// policy not_demanded
	// conditions not_demanded
	// freshness not_demanded
}
