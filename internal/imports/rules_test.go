package imports

// own is the module whose packages the rules are about.
const own = "github.com/stellaops/stella"

// testOnly are the packages that only tests import. They may use testify and are
// bound by no other rule than that nothing shipped holds them.
func testOnly() []string {
	return []string{"internal/testkit", "pkg/keys/keystest", "internal/atomicfile/crashtest"}
}

// A reach bounds what packages may get from outside, through whatever they
// import: the modules of their whole closure but the standard library.
type reach struct {
	packages string   // directory under the root, with all below it
	modules  []string // module paths
}

// reaches are the rows of the import table that say what a room may use.
func reaches() []reach {
	return []reach{
		{"pkg/dsse", nil},
		{"pkg/keys", []string{
			"golang.org/x/crypto",
			"golang.org/x/sys", // of x/crypto
			"github.com/secure-systems-lab/go-securesystemslib",
			// Of pkg/keys/pkcs11 in the hardware build.
			"github.com/ThalesGroup/crypto11",
			"github.com/miekg/pkcs11",
			"github.com/pkg/errors",             // of crypto11
			"github.com/thales-e-security/pool", // of crypto11
			"github.com/google/go-tpm",
			"github.com/fxamacker/cbor/v2", // of pkg/keys/fido2
			"github.com/x448/float16",      // of cbor
			"golang.org/x/text",            // of pkg/keys/fido2: PINs
			"github.com/emmansun/gmsm",     // of pkg/keys/sm2
		}},
		{"pkg/keys/plugin/protocol", nil},
		{"internal/fault", nil},
		{"internal/input", nil},
		{"internal/strictjson", nil},
		{"internal/jsonlex", nil},
		{"internal/smallfiles", []string{"golang.org/x/sys"}},
		{"internal/bundle", nil},
		{"internal/oci", nil},
		{"internal/timestamp", nil},
		{"internal/atomicfile", []string{"golang.org/x/sys"}},
		{"internal/filelock", []string{"golang.org/x/sys"}},
		{"internal/spelling", nil},
		{"internal/audit", []string{
			"golang.org/x/mod", // signed notes
			"golang.org/x/sys",
			"golang.org/x/crypto",
			"github.com/secure-systems-lab/go-securesystemslib", // of pkg/keys
			"github.com/emmansun/gmsm",                          // of pkg/keys/sm2
		}},
		{"internal/version", nil},
		{"internal/predicate", nil},
	}
}

// A home names the only packages that may import a module themselves.
type home struct {
	module   string
	packages []string
}

// homes are the rows of the import table that say where a library lives.
func homes() []home {
	return []home{
		{"github.com/spf13/cobra", []string{"internal/cli", "internal/tools/gendocs"}},
		{"github.com/spf13/pflag", []string{"internal/cli", "internal/tools/gendocs"}},
		{"github.com/spf13/viper", []string{"internal/cli"}},
		{"charm.land/lipgloss/v2", []string{"internal/ui"}},
		{"golang.org/x/term", []string{"internal/ui"}},
		{"golang.org/x/crypto", []string{"pkg/keys"}},
		{"github.com/oklog/ulid/v2", []string{"internal/forensic/timeline"}}, // ids that sort by time; sigstore-go's Rekor client has it, too
		{"golang.org/x/mod", []string{"internal/chain", "internal/forensic", "internal/audit", "pkg/verify/material", "internal/testkit/world"}},
		{"github.com/secure-systems-lab/go-securesystemslib", []string{"pkg/keys", "pkg/offlinekit"}}, // what TUF signs, as go-tuf forms it
		{"github.com/google/go-containerregistry", []string{"internal/registry"}},                     // logins and tokens of registries; elsewhere an oracle of tests
		{"github.com/ThalesGroup/crypto11", []string{"pkg/keys/pkcs11"}},
		{"github.com/miekg/pkcs11", []string{"pkg/keys/pkcs11"}},
		{"github.com/google/go-tpm", []string{"pkg/keys/tpm"}},
		{"github.com/emmansun/gmsm", []string{"pkg/keys/sm2"}},
		{"github.com/fxamacker/cbor/v2", []string{"pkg/keys/fido2", "internal/testkit/authenticator"}},
		{"github.com/yuin/goldmark", []string{"internal/report"}}, // its tests read Markdown with it
		{"github.com/sigstore/sigstore-go", []string{"pkg/verify", "pkg/offlinekit", "internal/sigstore", "internal/testkit/world/oracle"}},
		// What sigstore-go's own types are made of; they stay behind ours.
		{"github.com/sigstore/sigstore", []string{"pkg/verify/material", "internal/testkit/world/oracle"}},
		{"github.com/sigstore/protobuf-specs", []string{"pkg/verify/material", "internal/testkit/world"}},
		{"github.com/sigstore/rekor-tiles/v2", []string{"pkg/verify/material"}},
		{"github.com/google/certificate-transparency-go", []string{"pkg/verify/material"}},
		{"github.com/transparency-dev/formats", []string{"pkg/verify/material"}},
		{"github.com/transparency-dev/merkle", []string{"pkg/verify/material", "internal/forensic", "internal/testkit/world"}},
		{"github.com/digitorus/timestamp", []string{"pkg/verify/material"}},
		{"github.com/digitorus/pkcs7", []string{"pkg/verify/material"}},
		{"google.golang.org/protobuf", []string{"pkg/verify/material", "internal/testkit/world"}},
		{"github.com/theupdateframework/go-tuf/v2", []string{"pkg/offlinekit"}},
		{"cel.dev/cel-go", []string{"pkg/verify/policy"}},
		{"go.yaml.in/yaml/v3", []string{"internal/cli", "pkg/verify/policy"}},
	}
}

// A ban names what the closure of some packages never holds.
type ban struct {
	packages string
	never    []string // import paths, each with all below it
	why      string
}

// bans are the rows of the import table that say "never".
func bans() []ban {
	return []ban{
		{
			"cmd/stella",
			[]string{"github.com/sigstore/cosign/v2/cmd", "github.com/sigstore/cosign/v3/cmd"},
			"they add 70 MB and 30 ms; cosign is the oracle of the interop tests",
		},
		{
			"cmd/stella",
			[]string{"github.com/sigstore/cosign/v2/pkg/cosign", "github.com/sigstore/cosign/v2/pkg/types"},
			"they call code with open advisories",
		},
		{"cmd/stella", []string{"github.com/spf13/cobra/doc"}, "man pages are made by internal/tools/gendocs"},
		// "testing" itself comes with github.com/digitorus/pkcs7, which sigstore-go needs.
		{"cmd/stella", []string{"github.com/stretchr/testify", "github.com/yuin/goldmark"}, "tests only"},
		{
			"cmd/stella",
			[]string{
				"github.com/aws", "cloud.google.com", "github.com/Azure", "google.golang.org/api",
				"github.com/hashicorp/vault", "github.com/sigstore/sigstore/pkg/signature/kms", own + "/internal/plugins",
			},
			"cloud drivers are plugins, programs of their own",
		},
		{
			"cmd/stella",
			[]string{
				"github.com/santhosh-tekuri/jsonschema", "github.com/xeipuuv/gojsonschema",
				"github.com/google/jsonschema-go", "github.com/kaptinlin/jsonschema",
			},
			"they cost 6 ms at every start; tests prove that schema and hand-written check agree",
		},
		{
			"cmd/stella",
			// k8s.io/klog is what certificate-transparency-go logs with, and small.
			[]string{"k8s.io/api", "k8s.io/apimachinery", "k8s.io/client-go", "github.com/open-policy-agent"},
			"weight that nothing here needs",
		},
		{
			"cmd/stella",
			[]string{own + "/internal/testkit", own + "/pkg/keys/keystest", own + "/internal/atomicfile/crashtest", own + "/internal/tools"},
			"tests and tools only",
		},
		{"pkg", []string{own + "/internal/cli", own + "/internal/ui", own + "/internal/signer"}, "a library does not know its programs"},
		{"pkg", []string{"github.com/spf13"}, "commands only"},
		{"internal/ui", []string{own + "/internal/cli"}, "what is printed does not know which command prints it"},
	}
}
