package trust

import (
	"path"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify/material"
)

// The names of targets that others know too.
const (
	TrustedRootName = "trusted_root.json"
	PolicyName      = "policy.yaml"
)

// The targets that a bundle is made of. Of a directory each file counts.
const (
	trustedRootTarget = TrustedRootName
	keysTarget        = "keys.json"
	revocationsTarget = "revocations.json"
	policyTarget      = PolicyName
	formatTarget      = "format.json"

	trustedRootDir = "trusted_root/"
	keysDir        = "keys/"
	caDir          = "ca/"
	crlDir         = "crl/"
	tsaDir         = "tsa/"
)

// Contents is what a bundle says: whom to trust, and for what.
type Contents struct {
	// Keys are the entries of all keys.json, with their revocations.
	Keys []keys.TrustedKey
	// Root is whose word counts on certificates, logs and time; nil for nobody's.
	Root *material.Root
	// Revocations are those of revocations.json, not of keys.json.
	Revocations []Revocation
	// Policy is the policy.yaml; nil if there is none.
	Policy []byte
	// Unused are targets that mean nothing to this program.
	Unused []string
}

// uses reports whether a target is one that a bundle is made of.
func uses(target string) bool {
	switch target {
	case trustedRootTarget, keysTarget, revocationsTarget, policyTarget, formatTarget:
		return true
	}
	return slices.ContainsFunc([]string{trustedRootDir, keysDir, caDir, crlDir, tsaDir}, func(dir string) bool {
		name, is := strings.CutPrefix(target, dir)
		return is && name != "" && !strings.Contains(name, "/")
	})
}

// target is a target with its content.
type target struct {
	name    string
	content []byte
}

// readOwn is readContents for what a publisher gives: each CRL is by one of the CAs that
// come with it. One that is kept of an earlier bundle may be by a CA that is gone.
func readOwn(source string, targets []target) (*Contents, error) {
	c, err := readContents(source, targets)
	if err == nil {
		err = c.Root.CheckCRLs()
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// readContents understands the targets of a bundle. source is the bundle's name for
// messages. Whatever is wrong with a target is an error that names it.
func readContents(source string, targets []target) (*Contents, error) {
	c := &Contents{}
	var roots []*material.Root
	for _, t := range targets {
		name := path.Join(source, t.name)
		var err error
		switch {
		case t.name == formatTarget:
			err = checkFormat(t.content, name)
		case t.name == policyTarget:
			c.Policy = t.content
		case t.name == revocationsTarget:
			c.Revocations, err = ParseRevocations(t.content, name)
		case t.name == keysTarget, strings.HasPrefix(t.name, keysDir):
			err = c.addKeys(t.content, name)
		default:
			var root *material.Root
			root, err = readRoot(t, name)
			roots = append(roots, root)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(roots) > 0 {
		var err error
		if c.Root, err = material.Join(roots...); err != nil {
			return nil, err
		}
	}
	_, err := keys.NewTrust(c.Keys...) // refuses two entries for one key
	return c, err
}

// read verifies a whole repository, as Refresh does, and understands what it says: all
// that is judged of it before it is taken over. It is called source in messages;
// checkPolicy judges a policy.yaml, and nil accepts any.
func (c *Client) read(source string, checkPolicy func(text []byte, source string) error) ([]target, *Contents, error) {
	if err := c.Refresh(); err != nil {
		return nil, nil, err
	}
	targets, unused, err := c.all()
	if err != nil {
		return nil, nil, err
	}
	contents, err := readOwn(source, targets)
	switch {
	case err != nil:
		return nil, nil, err
	case contents.IsEmpty():
		return nil, nil, missingAll()
	case contents.Policy != nil && checkPolicy != nil:
		if err := checkPolicy(contents.Policy, path.Join(source, policyTarget)); err != nil {
			return nil, nil, err
		}
	}
	contents.Unused = unused
	return targets, contents, tooMany(earliest(nil, contents.allRevocations()))
}

// allRevocations are those of revocations.json and of keys.json.
func (c *Contents) allRevocations() []Revocation {
	return slices.Concat(c.Revocations, ofKeys(c.Keys))
}

func tooMany(list []Revocation) error {
	if len(list) > maxRevocations {
		return fault.New(fault.TrustMalformed, "there are more than %d revocations", maxRevocations)
	}
	return nil
}

func (c *Contents) addKeys(content []byte, name string) error {
	list, err := keys.ParseKeysJSON(content, name)
	c.Keys = append(c.Keys, list...)
	return err
}

func readRoot(t target, name string) (*material.Root, error) {
	switch {
	case strings.HasPrefix(t.name, tsaDir):
		return material.ParseTSA(name, t.content)
	case strings.HasPrefix(t.name, caDir), strings.HasPrefix(t.name, crlDir):
		return material.ParseCAs(name, t.content)
	}
	return material.ParseRoot(name, t.content)
}

// BundleFormat is the format string of a bundle. One that an older program would
// misread has another.
const BundleFormat = "stella.ops/trustBundle@v1"

// checkFormat reads a format.json, which says how a bundle is to be read. Trust from
// elsewhere has none.
func checkFormat(b []byte, source string) error {
	top, err := strictDocument(source).Parse(b)
	if err != nil {
		return err
	}
	format := top.Text("format", true, maxName, nil)
	if err := top.Err(); err != nil {
		return err
	}
	if format != BundleFormat {
		return top.Fail("format", "unknown format %q, and this program reads %q", format, BundleFormat).
			WithHint("use a newer stella, or ask for trust in this format")
	}
	return nil
}

// IsEmpty reports whether nobody is trusted.
func (c *Contents) IsEmpty() bool { return len(c.Keys) == 0 && c.Root.Empty() }

func missingAll() error {
	return fault.New(fault.TrustMalformed, "the trust says nothing: it has no target that this program knows").
		WithHint("the publisher adds keys with trust publish add-key, and authorities with trust publish add-root")
}
