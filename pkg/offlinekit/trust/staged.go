package trust

import (
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/stellaops/stella/pkg/dsse"
)

// stagedRole is staged metadata and who has to sign it.
type stagedRole struct {
	*document
	// by are the delegators whose thresholds must be met: the root, and for a root the
	// one before it too.
	by []delegator
}

// stagedRoles returns what is staged, in the order of TUF. Who signs for the other
// roles is what the newest root says, staged or not.
func (p *Publisher) stagedRoles() ([]stagedRole, error) {
	raw, rootStaged, err := p.current(metadata.ROOT)
	if err != nil {
		return nil, err
	}
	if raw == nil {
		return nil, p.notFound()
	}
	root, err := parse[metadata.RootType](metadata.ROOT, FileName(metadata.ROOT), raw)
	if err != nil {
		return nil, err
	}
	var out []stagedRole
	if rootStaged {
		r := stagedRole{&root.document, []delegator{rootDelegator(root)}}
		before, err := p.published(metadata.ROOT)
		if err != nil {
			return nil, err
		}
		if before != nil {
			previous, err := parseRoot(versionedName(metadata.ROOT, root.version-1), before)
			if err != nil {
				return nil, err
			}
			r.by = append(r.by, rootDelegator(previous))
		}
		out = append(out, r)
	}
	for _, role := range topRoles()[1:] {
		raw, isStaged, err := p.current(role)
		if err != nil {
			return nil, err
		}
		if !isStaged || raw == nil {
			continue
		}
		doc, err := readDocument(role, raw)
		if err != nil {
			return nil, err
		}
		out = append(out, stagedRole{doc, []delegator{rootDelegator(root)}})
	}
	return out, nil
}

// keyOf returns the id under which a role has a public key, "" if it does not.
func (r *stagedRole) keyOf(print [32]byte) string {
	for _, d := range r.by {
		ids, _, _ := d.role(r.role)
		for _, id := range ids {
			if fingerprintOf(d.keys[id]) == print {
				return id
			}
		}
	}
	return ""
}

func fingerprintOf(key *metadata.Key) [32]byte {
	if key == nil {
		return [32]byte{}
	}
	pub, err := publicOf(key)
	if err != nil {
		return [32]byte{}
	}
	print, err := dsse.Fingerprint(pub)
	if err != nil {
		return [32]byte{}
	}
	return print
}

// StagedDigests returns the SHA-256 of each text that waits for signatures, as
// sha256:<hex>.
func (p *Publisher) StagedDigests() ([]string, error) {
	staged, err := p.stagedRoles()
	var out []string
	for i := range staged {
		out = append(out, "sha256:"+digest(staged[i].payload))
	}
	return out, err
}
