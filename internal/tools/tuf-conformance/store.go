package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// store is a directory with one file for each role.
type store string

var _ trust.Store = store("")

// Load implements trust.Store.
func (s store) Load(role string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(s), trust.FileName(role)))
}

// Save implements trust.Store.
func (s store) Save(role string, _ int64, raw []byte) error {
	return write(filepath.Join(string(s), trust.FileName(role)), raw)
}

func write(path string, content []byte) error {
	return atomicfile.WriteFile(context.Background(), path, content, atomicfile.Options{Force: true})
}

// download updates the metadata and puts a target into the target directory, unless
// it is there.
func (r *request) download() error {
	if r.targetName == "" || r.targetDir == "" {
		return fault.New(fault.UsageInvalid, "--target-name or --target-dir is missing")
	}
	c := r.client()
	if err := c.Refresh(); err != nil {
		return err
	}
	info, err := c.Find(r.targetName)
	if err != nil {
		return err
	}
	if info == nil {
		return fault.New(fault.TrustIncomplete, "no role provides the target %q", r.targetName)
	}
	path := filepath.Join(r.targetDir, trust.FileName(r.targetName))
	have, err := os.ReadFile(path)
	if err == nil && trust.VerifyTarget(r.targetName, have, info) == nil {
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	content, err := c.Target(r.targetName, info)
	if err != nil {
		return err
	}
	return write(path, content)
}
