package bundle

import (
	"errors"
	"fmt"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
)

// MaxAttestations bounds the attestations of one list. Registries and forges
// serve at most a hundred at a time.
const MaxAttestations = 1024

// decodeList reads the attestations of an artifact as the npm registry and
// GitHub serve them: objects that hold a bundle and words about it. The words
// are nobody's and are passed over.
func decodeList(d *strictjson.Decoder) ([]Item, error) {
	var items []Item
	err := d.Object([]string{"attestations"}, func(string) error {
		return decodeAttestations(d, &items)
	})
	return atLeastOne(items, err)
}

// decodeDigestLists reads what GitHub answers to a question about many
// artifacts: a list for each digest, or null.
func decodeDigestLists(d *strictjson.Decoder) ([]Item, error) {
	var items []Item
	err := d.Object([]string{"attestations_subject_digests"}, func(string) error {
		return d.Members(nil, func(string) error {
			if d.Null() {
				return nil
			}
			return decodeAttestations(d, &items)
		})
	})
	return atLeastOne(items, err)
}

// decodeArray reads the bundles of a gem as RubyGems serves them.
func decodeArray(d *strictjson.Decoder) ([]Item, error) {
	var items []Item
	err := d.Array(MaxAttestations, func(i int) error {
		item, err := decodeBundle(d)
		if err != nil {
			return inPart(i, err)
		}
		item.Part, item.Shape = part(i), item.Shape+", in a list"
		items = append(items, item)
		return nil
	})
	return atLeastOne(items, err)
}

func decodeAttestations(d *strictjson.Decoder, items *[]Item) error {
	return d.Array(MaxAttestations, func(int) error {
		at := len(*items) // over all lists of the document
		if at == MaxAttestations {
			return fmt.Errorf("more than %d attestations", MaxAttestations)
		}
		item, err := decodeListed(d)
		if err != nil {
			return inPart(at, err)
		}
		item.Part = part(at)
		*items = append(*items, item)
		return nil
	})
}

// decodeListed reads one element of a list. Who serves it is told by what
// stands beside the bundle.
func decodeListed(d *strictjson.Decoder) (Item, error) {
	var item Item
	var found bool
	list := "an attestation list"
	err := d.Object([]string{"bundle", "predicateType", "repository_id", "bundle_url"}, func(name string) error {
		switch name {
		case "bundle":
			if d.Null() {
				return fault.New(fault.SignatureMissing, "the list names the bundle and does not hold it").
					WithHint("fetch the bundles themselves: gh attestation download")
			}
			var err error
			found = true
			item, err = decodeBundle(d)
			return err
		case "predicateType":
			list = "an npm attestation list"
		default:
			list = "a GitHub attestation list"
		}
		return d.Skip()
	})
	if err == nil && !found {
		err = errors.New(`member "bundle" is missing`)
	}
	item.Shape += ", in " + list
	return item, err
}

// part names the element i of a list.
func part(i int) string { return fmt.Sprintf("attestation %d", i+1) }

// inPart says which element of a list an error is about.
func inPart(i int, err error) error {
	return fault.Wrap(reasonOr(err, fault.BundleMalformed), err, "%s", part(i))
}

// reasonOr is the reason of err, or r if it has none.
func reasonOr(err error, r fault.Reason) fault.Reason {
	if found := fault.ReasonOf(err); found != fault.Internal {
		return found
	}
	return r
}

// atLeastOne refuses a list without attestations, which proves nothing.
func atLeastOne(items []Item, err error) ([]Item, error) {
	if err == nil && len(items) == 0 {
		err = fault.New(fault.SignatureMissing, "the list holds no attestation")
	}
	return items, err
}
