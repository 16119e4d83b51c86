package tpm

import (
	"context"
	"fmt"

	"github.com/google/go-tpm/tpm2"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

var _ keys.Lister = (*Driver)(nil)

// maxPersistent bounds the persistent objects of a TPM that are looked at. TPMs
// have room for about seven.
const maxPersistent = 256

// List returns the signing keys that the TPM keeps under persistent handles. A
// ref with a name covers that key alone, and needs no TPM for a key file. Key
// files are known to nobody but their owner, so a Note says that they are not
// listed.
func (d *Driver) List(ctx context.Context, ref keys.Ref) ([]keys.Listed, []keys.Note, error) {
	if err := checkOptions(ref); err != nil {
		return nil, nil, err
	}
	var only tpm2.TPMHandle
	if ref.Name() != "" {
		at, err := parsePlace(ref)
		if err != nil {
			return nil, nil, err
		}
		if at.path != "" {
			listed, err := listFile(at, ref)
			return listed, nil, err
		}
		only = at.handle
	}
	listed, err := d.listPersistent(ctx, ref, only)
	if err != nil {
		return nil, nil, err
	}
	return listed, []keys.Note{{Message: "key files are not listed: the TPM does not know them"}}, nil
}

func listFile(at place, ref keys.Ref) ([]keys.Listed, error) {
	f, err := readKeyFile(at.path)
	if err != nil {
		return nil, err
	}
	return []keys.Listed{describePublic(&f.public, ref, f.description, at.path)}, nil
}

// listPersistent lists the key under one handle, or all if it is zero.
func (d *Driver) listPersistent(ctx context.Context, ref keys.Ref, only tpm2.TPMHandle) ([]keys.Listed, error) {
	path, err := d.devicePath(ref)
	if err != nil {
		return nil, err
	}
	dev := d.devices.get(path)
	defer dev.put()
	return use(ctx, dev, func(c *conn) ([]keys.Listed, error) {
		found, err := persistentKeys(c)
		if err != nil {
			return nil, err
		}
		var out []keys.Listed
		for _, p := range found {
			if only != 0 && p.handle != only {
				continue
			}
			own, err := handleRef(p.handle, ref)
			if err != nil {
				return nil, err
			}
			out = append(out, describePublic(p.public, own, "", path))
		}
		if only != 0 && len(out) == 0 {
			return nil, noPersistent(c, only)
		}
		return out, nil
	}, nil)
}

// describePublic says what is known of a key without using it.
func describePublic(public *tpm2.TPMTPublic, ref keys.Ref, label, where string) keys.Listed {
	listed := keys.Listed{Ref: ref, Label: label, Where: where}
	pub, err := publicKey(public)
	if err != nil {
		return listed
	}
	listed.Public = pub
	listed.Algorithm, _ = keys.AlgorithmOf(pub) // publicKey checked that it has one
	return listed
}

// persistent is a signing key that the TPM keeps.
type persistent struct {
	handle tpm2.TPMHandle
	public *tpm2.TPMTPublic
}

// persistentKeys returns the TPM's keys that can sign for stella.
func persistentKeys(c *conn) ([]persistent, error) {
	rsp, err := tpm2.GetCapability{Capability: tpm2.TPMCapHandles, Property: uint32(firstPersistent), PropertyCount: maxPersistent}.Execute(c)
	if err != nil {
		return nil, explain(err, "list its keys")
	}
	handles, err := rsp.CapabilityData.Data.Handles()
	if err != nil {
		return nil, fault.New(fault.DeviceFailed, "the TPM gave a malformed list of its keys")
	}
	var out []persistent
	for _, h := range handles.Handle {
		public, _, err := readPublic(c, h)
		if err != nil {
			return nil, err
		}
		if public != nil && checkSigning(public) == nil {
			out = append(out, persistent{h, public})
		}
	}
	return out, nil
}

// noPersistent says that a handle has no key, and which have one.
func noPersistent(c *conn, handle tpm2.TPMHandle) error {
	name := handleName(handle)
	failure := fault.New(fault.KeyNotFound, "the TPM at %q has no key under %q", c.path, name).With("device", c.path)
	found, err := persistentKeys(c)
	if err != nil {
		return failure
	}
	var names []string
	for _, p := range found {
		names = append(names, handleName(p.handle))
	}
	return failure.WithHint("%s", keys.NearestHint("persistent signing keys", name, names))
}

// handleName returns the name of a persistent key in a reference.
func handleName(h tpm2.TPMHandle) string { return fmt.Sprintf("%s%#x", handlePrefix, uint32(h)) }

// handleRef returns the reference of a persistent key in the TPM that ref names.
func handleRef(h tpm2.TPMHandle, ref keys.Ref) (keys.Ref, error) {
	return keys.ParseRef(Scheme + ":" + handleName(h) + keptOptions(ref))
}
