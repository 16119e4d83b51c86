package main

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// server is a repository behind HTTP.
type server struct {
	http              *http.Client
	metadata, targets string // base URLs
}

var _ trust.Source = (*server)(nil)

// Metadata implements trust.Source. Names are encoded already, see trust.FileName.
func (s *server) Metadata(name string, limit int64) ([]byte, error) {
	return s.get(s.metadata, name, limit)
}

// Target implements trust.Source.
func (s *server) Target(name string, limit int64) ([]byte, error) {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return s.get(s.targets, strings.Join(parts, "/"), limit)
}

func (s *server) get(base, name string, limit int64) ([]byte, error) {
	if base == "" {
		return nil, fault.New(fault.UsageInvalid, "the URL of the repository is missing")
	}
	at := strings.TrimSuffix(base, "/") + "/" + name
	response, err := s.http.Get(at)
	if err != nil {
		return nil, fault.Wrap(fault.ServiceUnavailable, err, "")
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusForbidden: // S3 answers so where a file is missing
		return nil, fmt.Errorf("%s: %w", at, fs.ErrNotExist)
	default:
		return nil, fault.New(fault.ServiceUnavailable, "%s answered %s", at, response.Status)
	}
	b, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, fault.Wrap(fault.ServiceUnavailable, err, "%s", at)
	}
	if int64(len(b)) > limit {
		return nil, fault.New(fault.InputTooLarge, "%s has more than the %d bytes that it may have", at, limit)
	}
	return b, nil
}
