package oci

import (
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// Found is the signed evidence in a layout.
type Found struct {
	Items   []bundle.Item
	Ignored []Ignored
}

// Ignored is something in a layout that is no evidence, or none about what was
// asked for.
type Ignored struct {
	Part   string // as in bundle.Item
	Reason string
}

// Evidence reads the signed evidence in the layout. With digests, "sha256:<hex>",
// it is only what is attached to one of them, or to nothing that the layout names;
// the rest is listed as ignored. A layout without evidence is
// fault.SignatureMissing.
func (l *Layout) Evidence(about ...string) (*Found, error) {
	f, err := l.find()
	if err != nil {
		return nil, err
	}
	l.settle(f)
	out := &Found{}
	for _, digest := range f.missing {
		out.ignore("manifest "+digest, "the index names it and it is not in the layout")
	}
	var elsewhere []string
	for _, m := range f.found {
		if len(about) > 0 && m.attached != "" && !slices.Contains(about, m.attached) && m.holdsEvidence() {
			out.ignore("manifest "+m.digest, "it is attached to "+m.attached+", which was not asked for")
			elsewhere = append(elsewhere, m.attached)
			continue
		}
		if err := l.readLayers(m, out); err != nil {
			return nil, err
		}
	}
	if len(out.Items) == 0 {
		return nil, l.nothing(about, elsewhere)
	}
	return out, nil
}

func (o *Found) ignore(part, reason string) { o.Ignored = append(o.Ignored, Ignored{part, reason}) }

// nothing is the fault of a layout without the evidence that was asked for.
func (l *Layout) nothing(about, elsewhere []string) error {
	if len(about) == 0 || len(elsewhere) == 0 {
		return fault.New(fault.SignatureMissing, "the image layout %s holds no signature or attestation", input.Display(l.name)).
			WithHint("copy it together with what is attached to the image: oras cp -r, or cosign save")
	}
	slices.Sort(elsewhere)
	elsewhere = slices.Compact(elsewhere)
	const most = 3
	return fault.New(fault.SignatureMissing, "the image layout %s holds no signature or attestation that is attached to %s",
		input.Display(l.name), strings.Join(about, " or ")).
		WithHint("it holds some for %s", strings.Join(elsewhere[:min(len(elsewhere), most)], ", "))
}

func (m *found) holdsEvidence() bool {
	return slices.ContainsFunc(m.layers, func(d descriptor) bool { return isEvidence(d.mediaType) })
}

func isEvidence(mediaType string) bool {
	switch mediaType {
	case bundle.PayloadTypeSimpleSigning, typeEnvelope, typeStatement:
		return true
	}
	return strings.HasPrefix(mediaType, typeBundle)
}

// isForeign reports whether a layer is a signature in the form of another system.
func isForeign(mediaType string) bool { return mediaType == typeJWS || mediaType == typeCOSE }

// readLayers reads the layers of one manifest that are evidence.
func (l *Layout) readLayers(m found, out *Found) error {
	for i, d := range m.layers {
		part := fmt.Sprintf("manifest %s, layer %d", m.digest, i+1)
		if isForeign(d.mediaType) {
			out.ignore(part, "a signature of type "+d.mediaType+", as Notation makes, which is not verified here")
		}
		if !isEvidence(d.mediaType) {
			continue
		}
		f, err := l.openBlob(d)
		if err != nil {
			return err
		}
		items, err := readLayer(f, d)
		if d.mediaType == typeStatement && fault.ReasonOf(err) == fault.NotEvidence {
			out.ignore(part, "a statement that nobody signed")
			continue
		}
		if err != nil {
			return l.malformed(part, err)
		}
		if len(out.Items)+len(items) > MaxEvidence {
			return fault.New(fault.LayoutMalformed, "%s holds more than %d signed documents", input.Display(l.name), MaxEvidence)
		}
		for _, item := range items {
			item.Source, item.Part, item.Attached = l.name, part, m.attached
			out.Items = append(out.Items, item)
		}
	}
	return nil
}

// readLayer reads one layer by its media type.
func readLayer(f *input.File, d descriptor) ([]bundle.Item, error) {
	var item bundle.Item
	var err error
	switch d.mediaType {
	case bundle.PayloadTypeSimpleSigning:
		item, err = bundle.ReadImageSignature(f, d.annotations)
	case typeEnvelope:
		item, err = bundle.ReadImageAttestation(f, d.annotations)
	default:
		items, _, err := bundle.Read(f)
		for i := range items {
			items[i].Shape += ", attached to an image"
		}
		return items, err
	}
	return []bundle.Item{item}, err
}

// openBlob opens a layer after comparing it with its digest. A large one stays
// where it is: should somebody write to it meanwhile, its signature, which is
// judged later, is what counts.
func (l *Layout) openBlob(d descriptor) (*input.File, error) {
	if !l.inPlace && d.size <= maxHeldLayer && l.held+d.size <= maxHeld {
		b, err := l.readBlob(d.digest, maxHeldLayer)
		l.held += int64(len(b))
		if err == nil && int64(len(b)) != d.size {
			err = l.wrongSize(d, int64(len(b)))
		}
		return input.FromBytes(d.digest, b), err
	}
	name, err := blobName(d.digest)
	if err != nil {
		return nil, l.malformed(d.digest, err)
	}
	at, size, closer, err := l.files.open(name)
	if err != nil {
		return nil, l.malformed(d.digest, err)
	}
	if closer != nil {
		l.open = append(l.open, closer)
	}
	if size != d.size || size > input.MaxEvidence {
		return nil, l.wrongSize(d, size)
	}
	f := input.FromReaderAt(d.digest, at, size)
	h := sha256.New()
	if _, err := io.Copy(h, f.Reader()); err != nil {
		return nil, fault.Wrap(fault.InputUnreadable, err, "failed to read %s of %s", d.digest, input.Display(l.name))
	}
	return f, l.compare(d.digest, [sha256.Size]byte(h.Sum(nil)))
}

func (l *Layout) wrongSize(d descriptor, size int64) error {
	return fault.New(fault.LayoutDigest, "%s: the blob %s has %d bytes; its descriptor says %d, and the limit is %d",
		input.Display(l.name), d.digest, size, d.size, int64(input.MaxEvidence))
}
