package cli

import (
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/internal/version"
	"github.com/stellaops/stella/pkg/keys"
)

// buildProfile is the profile of a program that is told of none: a build for
// FIPS 140-3 does nothing else by itself.
func buildProfile() keys.Profile {
	if version.Module().Frozen() {
		return keys.ProfileFIPS
	}
	return keys.ProfileDefault
}

func profileNames() []string { return words(keys.Profiles()) }

func profileWithin(value, bound any) bool {
	v, _ := value.(string)
	b, _ := bound.(string)
	return keys.Profile(v).Within(keys.Profile(b))
}

// standing says what stands behind the words of a profile, so that nobody takes
// a list of algorithms for a certificate.
func standing(p keys.Profile, module version.FIPS140) string {
	switch p {
	case keys.ProfileFIPS:
		return module.Standing()
	case keys.ProfileGOST:
		return "not certified: verification is by the plugin that is configured"
	case keys.ProfileSM, keys.ProfilePQ:
		return "not certified: no validated module of this build has the algorithm"
	}
	return ""
}

// profilePairs shows a profile other than the default.
func profilePairs(p keys.Profile, standing string) []ui.Pair {
	if standing == "" {
		return nil
	}
	return []ui.Pair{ui.P("profile", ui.T(string(p)+" ("+standing+")"))}
}
