package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// The keys that somebody may have.
const (
	ownKey  = "his own" // nobody trusts it
	release = "release" // trusted, and not for snapshots
	oldLab  = "old-lab" // revoked
	lab     = "lab"     // of the one who signs the snapshot
)

// spoils are what somebody has who tampers with a snapshot.
type spoils struct {
	snapshot, other members
	keys            map[string]dsse.Signer
}

// spoils reads what the command line names.
func (o *options) spoils(snapshot string) (*spoils, error) {
	s := &spoils{keys: make(map[string]dsse.Signer)}
	var err error
	if s.snapshot, err = readArchive(snapshot); err != nil {
		return nil, err
	}
	if o.other != "" {
		if s.other, err = readArchive(o.other); err != nil {
			return nil, err
		}
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if s.keys[ownKey], err = dsse.NewSigner(own); err != nil || o.stolen == "" {
		return s, err
	}
	for _, name := range []string{release, oldLab, lab} {
		if err := s.steal(filepath.Join(o.stolen, name+".key"), name); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// steal reads a private key, if it is there.
func (s *spoils) steal(path, name string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	key, _, err := keys.ParsePrivate(text, func() ([]byte, error) { return nil, errors.New("it is encrypted") })
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	s.keys[name], err = dsse.NewSigner(key)
	return err
}

// to does a tampering and writes what comes of it.
func (s *spoils) to(t tampering, path string) error {
	w := &work{spoils: s, members: slices.Clone(s.snapshot)}
	t.do(w)
	if w.err != nil {
		return fmt.Errorf("%s: %w", t.name, w.err)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(w.write(f), f.Close())
}
