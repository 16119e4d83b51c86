package trust

import (
	"context"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// validityField is the member of signed metadata that says for how many hours it is
// made each time, so that who renews it need not know.
const validityField = "x-stella-validity-hours"

// nameField is the member of a key that says whose it is, for messages.
const nameField = "x-stella-name"

// container is a file of metadata whose signed part stays as it is.
type container struct {
	Signatures []metadata.Signature `json:"signatures"`
	Signed     jsontext.Value       `json:"signed"`
}

func (c *container) marshal() ([]byte, error) {
	if c.Signatures == nil {
		c.Signatures = []metadata.Signature{}
	}
	b, err := json.Marshal(c, jsontext.WithIndent("  "))
	return append(b, '\n'), err
}

// draft is metadata in the making.
type draft[T metadata.Roles] struct {
	role string
	body T
}

// openDraft returns the metadata of a role to change: what is staged, or a new version
// of what is published. zero is what there is before anything.
func openDraft[T metadata.Roles](p *Publisher, role string, zero T) (*draft[T], error) {
	raw, isStaged, err := p.current(role)
	if err != nil {
		return nil, err
	}
	d := &draft[T]{role: role, body: zero}
	if raw == nil {
		return d, nil
	}
	m, err := parse[T](role, FileName(role), raw)
	if err != nil {
		return nil, err
	}
	d.body = *m.body
	if !isStaged {
		d.base(func(b *base) { *b.version++ })
	}
	return d, nil
}

// base is what the metadata of every role has.
type base struct {
	version *int64
	expires *time.Time
	fields  *map[string]any
}

func (d *draft[T]) base(change func(*base)) {
	switch b := any(&d.body).(type) {
	case *metadata.RootType:
		change(&base{&b.Version, &b.Expires, &b.UnrecognizedFields})
	case *metadata.TargetsType:
		change(&base{&b.Version, &b.Expires, &b.UnrecognizedFields})
	case *metadata.SnapshotType:
		change(&base{&b.Version, &b.Expires, &b.UnrecognizedFields})
	case *metadata.TimestampType:
		change(&base{&b.Version, &b.Expires, &b.UnrecognizedFields})
	}
}

// stamp says when the metadata was made, and from now on for how long it is good.
func (d *draft[T]) stamp(now time.Time, validity time.Duration) error {
	now = now.UTC().Truncate(time.Second)
	var err error
	d.base(func(b *base) {
		if *b.fields == nil {
			*b.fields = map[string]any{}
		}
		if hours, ok := (*b.fields)[validityField].(float64); ok && validity == 0 {
			validity = time.Duration(hours) * time.Hour
		}
		hours := int64(validity / time.Hour)
		if hours < 1 || hours > maxValidityHours {
			err = fmt.Errorf("%s metadata would be good for %s", d.role, validity)
			return
		}
		(*b.fields)[createdField], (*b.fields)[validityField] = now.Format(timeLayout), float64(hours)
		*b.expires = now.Add(time.Duration(hours) * time.Hour)
	})
	return err
}

// maxValidityHours bounds for how long metadata is made: a century.
const maxValidityHours = 100 * 366 * 24

// stage writes the draft, without signatures: those that were there cover something
// else.
func (d *draft[T]) stage(ctx context.Context, p *Publisher) error {
	signedPart, err := json.Marshal(d.body)
	if err != nil {
		return err
	}
	raw, err := (&container{Signed: signedPart}).marshal()
	if err != nil {
		return err
	}
	if _, err := parse[T](d.role, FileName(d.role), raw); err != nil {
		return err // not reached: nothing is staged that cannot be read
	}
	return p.write(ctx, p.staged(d.role), raw)
}
