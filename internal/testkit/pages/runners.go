package pages

import "slices"

// Runner says which test runs the commands of a page, and against what.
type Runner struct {
	Page    string // below docs
	Package string // below the repository
	Test    string
	Against string // "" for nothing but files
}

// Runners returns a runner for each page that shows commands.
func Runners() []Runner {
	return []Runner{
		{"keys/pkcs11.md", "internal/cli", "TestPages", "SoftHSM2"},
		{"keys/tpm.md", "internal/cli", "TestPages", "swtpm, certified by swtpm_setup, and OpenSSL's TPM provider"},
		{"keys/fido2.md", "internal/cli", "TestPages", "the CTAP2 authenticator of internal/testkit, with stock ssh-keygen"},
		{"keys/sm2.md", "internal/cli", "TestPages", "OpenSSL"},
		{"keys/post-quantum.md", "internal/cli", "TestPages", ""},
		{"keys/profiles.md", "internal/cli", "TestPages", ""},
		{"formats/policy.md", "internal/cli", "TestPages", ""},
		{"formats/state.md", "internal/cli", "TestPages", ""},
		{"formats/verdict.md", "internal/cli", "TestPages", ""},
		{"trust.md", "internal/cli", "TestPages", ""},
		{"kits.md", "internal/cli", "TestPages", ""},
		{"kits-import.md", "internal/cli", "TestPages", ""},
		{"formats/export.md", "internal/cli", "TestPages", ""},
		{"promotion.md", "internal/cli", "TestPages", ""},
		{"keys/plugins.md", "internal/cli", "TestPages", "the plugin that the page shows, over OpenSSL"},
		{"keys/kms.md", "internal/plugins", "TestPages", "the shipped plugins, over a loopback server of AWS KMS and Vault's transit engine"},
		{"keys/gost.md", "internal/plugins", "TestPages", "the shipped plugin, over OpenSSL's gost engine"},
	}
}

// By returns the pages that a package runs.
func By(pkg string) []string {
	var pages []string
	for _, r := range Runners() {
		if r.Package == pkg {
			pages = append(pages, r.Page)
		}
	}
	return pages
}

// Exception is a command that no test runs.
type Exception struct{ Page, Line, Why string }

// NotRun lists all commands of these pages that no test runs. A test of the
// documentation holds it against the pages.
func NotRun() []Exception {
	return []Exception{
		{"keys/kms.md", "gcloud auth application-default login", "needs an account of Google's, and a browser"},
		{"keys/kms.md", "az login", "needs an account of Microsoft's, and a browser"},
	}
}

func isNotRun(page, line string) bool {
	return slices.ContainsFunc(NotRun(), func(e Exception) bool { return e.Page == page && e.Line == line })
}
