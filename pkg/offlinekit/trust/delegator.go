package trust

import (
	"errors"
	"fmt"
	"strings"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// delegator is who says which keys sign for a role: a root, or targets metadata.
type delegator struct {
	name    string // of its role
	version int64
	keys    map[string]*metadata.Key
	role    func(name string) (ids []string, threshold int, found bool)
}

func rootDelegator(root *signed[metadata.RootType]) delegator {
	return delegator{
		name: metadata.ROOT, version: root.version, keys: root.body.Keys,
		role: func(name string) ([]string, int, bool) {
			r, found := root.body.Roles[name]
			if !found {
				return nil, 0, false
			}
			return r.KeyIDs, r.Threshold, true
		},
	}
}

func targetsDelegator(t *signed[metadata.TargetsType]) delegator {
	d := delegator{name: t.head.role, version: t.version, role: func(string) ([]string, int, bool) { return nil, 0, false }}
	delegations := t.body.Delegations
	if delegations == nil {
		return d
	}
	d.keys = delegations.Keys
	d.role = func(name string) ([]string, int, bool) {
		for i := range delegations.Roles {
			if r := &delegations.Roles[i]; r.Name == name {
				return r.KeyIDs, r.Threshold, true
			}
		}
		if s := delegations.SuccinctRoles; s != nil && s.IsDelegatedRole(name) {
			return s.KeyIDs, s.Threshold, true
		}
		return nil, 0, false
	}
	return d
}

// verify returns nil if enough keys of a role signed its metadata. TUF, section
// 5.3.4: "a threshold number of keys"; one public key under two ids is one key.
func verify(d delegator, m *document, file string) error {
	role := m.role
	ids, threshold, found := d.role(role)
	if !found {
		return fault.New(fault.TrustSignature, "%s does not delegate to a role %q", d.name, role).With("role", role)
	}
	good, problems := tally(d, m, ids)
	if good >= threshold {
		return nil
	}
	err := fault.New(fault.TrustSignature, "%s version %d%s in %q has %d of the %d signatures that %s version %d demands",
		role, m.version, m.made(), file, good, threshold, d.name, d.version).
		With("role", role).With("path", file).With("version", fmt.Sprint(m.version))
	if len(problems) > 0 {
		err.With("signatures", strings.Join(problems, "; "))
	}
	return err.WithHint("is this another publisher's medium? Get the files from who publishes this trust again; if they come from them, a key that the role does not have signed")
}

// tally counts the distinct keys among ids that signed, and says what is wrong with
// the other signatures.
func tally(d delegator, m *document, ids []string) (good int, problems []string) {
	counted := map[[32]byte]bool{}
	for _, id := range ids {
		err := signedBy(d.keys[id], id, m, counted)
		switch {
		case errors.Is(err, errNoSignature):
		case err != nil:
			problems = append(problems, fmt.Sprintf("%.16s: %v", id, err))
		}
	}
	return len(counted), problems
}

var errNoSignature = errors.New("no signature")

// signedBy adds the key to those counted, if it signed.
func signedBy(key *metadata.Key, id string, m *document, counted map[[32]byte]bool) error {
	var signature *metadata.Signature
	for i := range m.signatures {
		if m.signatures[i].KeyID == id {
			signature = &m.signatures[i]
		}
	}
	if signature == nil || len(signature.Signature) == 0 {
		return errNoSignature
	}
	if key == nil {
		return errors.New("the key is not there")
	}
	verifier, err := verifierOf(key)
	if err != nil {
		return err
	}
	if err := verifier.Verify(m.message(key.Scheme == schemeFIDO2), signatureOf(signature)); err != nil {
		return err
	}
	print, err := dsse.Fingerprint(verifier.Public())
	if err != nil {
		return err
	}
	counted[print] = true
	return nil
}
