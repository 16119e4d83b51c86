package version

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestModuleStanding(t *testing.T) {
	for _, row := range []struct {
		module FIPS140
		want   string
	}{
		{FIPS140{"latest", false, ""}, "not validated: this build has no validated module; build one with make build-fips"},
		{FIPS140{"latest", true, ""}, "not validated: this build has no validated module; build one with make build-fips"},
		{FIPS140{"v1.26.0", true, ""}, "not validated: Go Cryptographic Module v1.26.0 has no certificate"},
		{FIPS140{"v1.0.0", false, "5247"}, "not validated: Go Cryptographic Module v1.0.0 is switched off by GODEBUG"},
		{FIPS140{"v1.0.0", true, "5247"}, "Go Cryptographic Module v1.0.0, CMVP certificate 5247"},
	} {
		assert.Equal(t, row.want, row.module.Standing())
	}
	assert.False(t, Module().Frozen() && Module().Module == "latest")
}
