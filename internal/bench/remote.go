package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// stateStore keeps states as a remote backend of Terraform does: an object at each
// path, behind the protocol of the backend "http", without locks. Terraform writes
// the whole state into a file after every resource, but to a remote backend every
// 20 seconds only, which thousands of resources need.
type stateStore struct {
	url    string
	mu     sync.Mutex
	states map[string][]byte
}

// newStateStore starts one on loopback; it ends with the context.
func newStateStore(ctx context.Context) (*stateStore, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &stateStore{url: "http://" + l.Addr().String(), states: map[string][]byte{}}
	server := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *stateStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Method {
	case http.MethodGet:
		state, ok := s.states[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write(state)
	case http.MethodPost:
		state, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.states[r.URL.Path] = state
	case http.MethodDelete:
		delete(s.states, r.URL.Path)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// remote moves the state of the workspace to a store. A backend wants `terraform
// init`, which installs the provider, if there is one, from a mirror of its binary.
func (b *bench) remote(ctx context.Context, w *workspace, provider string, store *stateStore) error {
	err := w.write("backend.tf", fmt.Sprintf("terraform {\n  backend \"http\" {\n    address = \"%s/%s\"\n  }\n}\n", store.url, filepath.Base(w.dir)))
	if provider != "" {
		err = errors.Join(err, b.mirror(w, provider))
	}
	if err != nil {
		return err
	}
	_, err = w.terraform(ctx, 0, "init", "-input=false", "-no-color")
	return err
}

// mirror has the workspace install its provider.
func (b *bench) mirror(w *workspace, provider string) error {
	dir := filepath.Join(w.dir, "mirror")
	platform := filepath.Join(dir, "registry.terraform.io", "netprovision", provider, "0.0.1", runtime.GOOS+"_"+runtime.GOARCH)
	binary := "terraform-provider-" + provider
	return errors.Join(
		os.MkdirAll(platform, 0o700),
		os.Symlink(filepath.Join(b.bin, provider, binary), filepath.Join(platform, binary+"_v0.0.1")),
		w.write("terraform.rc", fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", dir)),
	)
}
