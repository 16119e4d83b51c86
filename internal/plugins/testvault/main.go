// Command testvault is a server with the real transit engine of HashiCorp Vault
// in memory, for tests: no storage, no seal, no policies, one token. It prints
// its address. It is in a module of its own because Vault's licence (BUSL 1.1)
// and its weight have no place in what is released.
package main

import (
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/vault/builtin/logical/transit"
	"github.com/hashicorp/vault/sdk/logical"
)

func main() {
	if err := run(os.Getenv("TESTVAULT_TOKEN")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(token string) error {
	storage := &logical.InmemStorage{}
	config := logical.TestBackendConfig()
	config.StorageView = storage
	backend, err := transit.Backend(context.Background(), config)
	if err != nil {
		return err
	}
	if err := backend.Setup(context.Background(), config); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", listener.Addr())
	server := http.Server{Handler: &engine{backend, storage, token}, ReadHeaderTimeout: time.Minute}
	return server.Serve(listener)
}

// engine maps the HTTP interface to the backend, as Vault's core does.
type engine struct {
	backend logical.Backend
	storage logical.Storage
	token   string
}

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, found := strings.CutPrefix(r.URL.Path, "/v1/transit/")
	if !found || r.Header.Get("X-Vault-Token") != e.token {
		fail(w, http.StatusForbidden, "permission denied")
		return
	}
	request := &logical.Request{Operation: logical.ReadOperation, Path: path, Storage: e.storage, Data: map[string]any{}}
	if r.Method == http.MethodPut || r.Method == http.MethodPost {
		request.Operation = logical.UpdateOperation
		if err := json.UnmarshalRead(r.Body, &request.Data); err != nil {
			fail(w, http.StatusBadRequest, err.Error())
			return
		}
	}
	response, err := e.backend.HandleRequest(r.Context(), request)
	switch {
	case errors.Is(err, logical.ErrUnsupportedPath):
		fail(w, http.StatusNotFound, err.Error())
	case err != nil:
		fail(w, http.StatusBadRequest, err.Error())
	case response != nil && response.IsError():
		fail(w, http.StatusBadRequest, response.Error().Error())
	case response == nil && request.Operation == logical.ReadOperation:
		fail(w, http.StatusNotFound)
	case response == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		_ = json.MarshalWrite(w, map[string]any{"data": response.Data})
	}
}

func fail(w http.ResponseWriter, status int, messages ...string) {
	w.WriteHeader(status)
	_ = json.MarshalWrite(w, map[string][]string{"errors": append([]string{}, messages...)})
}
