package bundle

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
)

// PayloadTypeSimpleSigning is the media type of what cosign signs for an image.
const PayloadTypeSimpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json"

// MaxSimpleSigning bounds such a document, in bytes.
const MaxSimpleSigning = 1 << 20

// simpleSigningType is the "type" that cosign writes and demands.
const simpleSigningType = "cosign container image signature"

// SimpleSigning is what a document says that cosign signed for an image
// (containers/image, docs/containers-signature.5.md).
type SimpleSigning struct {
	Reference string // a repository's name, as the signer says; may be empty
	SHA256    string // of the image's manifest, in lower-case hex
}

// ParseSimpleSigning reads such a document. A member of "critical" that is not
// known is refused, as the specification demands.
func ParseSimpleSigning(document []byte) (*SimpleSigning, error) {
	s := &SimpleSigning{}
	var kind string
	err := whole(document, func(d *strictjson.Decoder) error {
		return d.ClosedObject([]string{"critical", "optional"}, func(name string) error {
			if name == "optional" {
				return d.Skip()
			}
			var err error
			kind, err = s.decodeCritical(d)
			return err
		})
	})
	switch {
	case err != nil:
	case kind != simpleSigningType:
		err = fmt.Errorf("critical.type is not %q", simpleSigningType)
	case s.SHA256 == "":
		err = errors.New("critical.image.docker-manifest-digest is missing")
	}
	if err != nil {
		return nil, fault.Wrap(fault.StatementInvalid, err, "malformed image signature")
	}
	return s, nil
}

func (s *SimpleSigning) decodeCritical(d *strictjson.Decoder) (kind string, err error) {
	err = d.ClosedObject([]string{"type", "identity", "image"}, func(name string) error {
		switch name {
		case "type":
			kind, err = d.String(maxString)
			return err
		case "identity":
			return d.ClosedObject([]string{"docker-reference"}, func(string) error {
				s.Reference, err = d.String(maxString)
				return err
			})
		default:
			return d.ClosedObject([]string{"docker-manifest-digest"}, func(string) error {
				digest, err := d.String(maxString)
				s.SHA256 = strings.TrimPrefix(digest, "sha256:")
				if b, bad := hex.DecodeString(s.SHA256); err == nil && (bad != nil || len(b) != 32 || digest != "sha256:"+hex.EncodeToString(b)) {
					err = errors.New("docker-manifest-digest is not sha256:<hex>")
				}
				return err
			})
		}
	})
	return kind, err
}
