package bundle

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
)

// shape is one of the JSON documents that evidence comes as.
type shape struct {
	what     string       // for messages
	reason   fault.Reason // of one that is malformed
	array    bool         // of such objects
	members  []string     // any of which tells it, on the outermost level
	overhead int64        // bound on all of it but its payload, in bytes
	decode   func(*strictjson.Decoder) ([]Item, error)
}

// shapes is the list of what is recognised. The first telling member decides, so
// no name stands twice among the objects or among the arrays.
var shapes = newShapes()

func newShapes() []shape {
	bundleMembers := []string{"mediaType", "dsseEnvelope", "messageSignature", "verificationMaterial"}
	return []shape{
		{"bundle", fault.BundleMalformed, false, bundleMembers, MaxOverhead, one(decodeBundle)},
		{"envelope", fault.EnvelopeMalformed, false, []string{"payload", "payloadType", "signatures"}, MaxOverhead, one(decodeBare)},
		{"cosign bundle", fault.BundleMalformed, false, []string{"base64Signature", "rekorBundle"}, MaxOverhead, one(decodeCosign)},
		{"attestation list", fault.BundleMalformed, false, []string{"attestations"}, MaxListOverhead, decodeList},
		{"attestation lists by digest", fault.BundleMalformed, false, []string{"attestations_subject_digests"}, MaxListOverhead, decodeDigestLists},
		{"list of bundles", fault.BundleMalformed, true, bundleMembers, MaxListOverhead, decodeArray},
		{"PEP 740 attestation", fault.BundleMalformed, false, []string{"verification_material"}, MaxOverhead, one(decodePEP740)},
		{"PEP 740 provenance", fault.BundleMalformed, false, []string{"attestation_bundles"}, MaxListOverhead, decodeProvenance},
	}
}

// one adapts the decoder of a shape that holds one signed document.
func one(decode func(*strictjson.Decoder) (Item, error)) func(*strictjson.Decoder) ([]Item, error) {
	return func(d *strictjson.Decoder) ([]Item, error) {
		item, err := decode(d)
		return []Item{item}, err
	}
}

// errTold ends a reading that has learnt enough.
var errTold = errors.New("told")

// bundleStart is how nearly all bundles begin.
const bundleStart = `{"mediaType":"application/vnd.dev.sigstore.bundle`

// atOnce returns the shape of a document that is told by its first bytes, else nil. The
// decoder was made for it.
func atOnce(head []byte) *shape {
	if bytes.HasPrefix(head, []byte(bundleStart)) {
		return &shapes[0]
	}
	return nil
}

// peek reads a document up to the first member that tells what it is. No shape
// and no error mean that it is not evidence; more, that other content follows.
//
// Signatures alone tell an envelope, and a media type alone a bundle, only if nothing
// beside them says that it is another document.
func peek(d *strictjson.Decoder) (found *shape, more bool, err error) {
	var envelope, typed *shape // if nothing else is told
	var signed, image bool
	look := func(array bool) error {
		return d.Members(shapes[0].members, func(name string) error {
			switch s := shapeOf(name, array); {
			case s == nil:
				signed, image = signed || name == signedMember, image || name == imageMember
			case name == "signatures":
				envelope = s
			case name == "mediaType":
				typed = s
			default:
				found = cmp.Or(typed, s)
				return errTold
			}
			return d.Skip()
		})
	}
	if d.Kind() == '[' {
		err = d.Array(1, func(int) error {
			if d.Kind() != '{' {
				return errTold
			}
			return errors.Join(look(true), errTold)
		})
	} else {
		err = look(false)
	}
	switch {
	case found != nil, image:
	case typed != nil:
		found = typed
	case !signed:
		found = envelope
	}
	switch {
	case errors.Is(err, errTold), found != nil:
		return found, false, nil
	case errors.Is(err, strictjson.ErrOverhead):
		return nil, false, nil // large, and nothing telling in all of it
	case err != nil:
		return nil, false, fault.Wrap(fault.InputMalformed, err, "malformed JSON")
	}
	return nil, d.More(), nil
}

const (
	// signedMember is what TUF metadata and in-toto layouts have beside "signatures",
	// where an envelope has its payload (TUF, section 4.2.1).
	signedMember = "signed"
	// imageMember is what manifests and indices of images must have beside "mediaType"
	// (OCI image-spec, "Image Manifest Property Descriptions").
	imageMember = "schemaVersion"
)

func shapeOf(member string, array bool) *shape {
	i := slices.IndexFunc(shapes, func(s shape) bool { return s.array == array && slices.Contains(s.members, member) })
	if i < 0 {
		return nil
	}
	return &shapes[i]
}

// looksLikeJSON refuses what cannot be evidence with a word on what it is.
func looksLikeJSON(f *input.File, off int64) error {
	head, err := headOf(f, off)
	if err != nil {
		return err
	}
	return CheckHead(head)
}

// headOf returns the first few hundred bytes from off on.
func headOf(f *input.File, off int64) ([]byte, error) {
	const size = 512
	if head, ok := f.Slice(off, min(size, f.Size()-off)); ok {
		return head, nil
	}
	head := make([]byte, size)
	n, err := f.ReadAt(head, off)
	if n == 0 && err != nil && !errors.Is(err, io.EOF) {
		return nil, fault.Wrap(fault.InputUnreadable, err, "failed to read")
	}
	return head[:n], nil
}
