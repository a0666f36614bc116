package rpc

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// Datastore is a configuration that a server keeps (RFC 6241 section 5.1).
type Datastore string

// The datastores.
const (
	Running   Datastore = "running"
	Candidate Datastore = "candidate"
	Startup   Datastore = "startup"
)

// Escape makes a text fit into XML.
func Escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder takes everything
	return b.String()
}

// do sends an operation and names it in errors.
func (s *Session) do(ctx context.Context, name, operation string) (Reply, error) {
	r, err := s.Do(ctx, []byte(operation))
	if err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// GetConfig reads a datastore, wrapped as [Reply.Data] says. An answer without
// <data> is an error.
func (s *Session) GetConfig(ctx context.Context, from Datastore) ([]byte, error) {
	return s.data(ctx, "get-config "+string(from), fmt.Sprintf("<get-config><source><%s/></source></get-config>", from))
}

// Get reads state and configuration that a subtree filter selects.
func (s *Session) Get(ctx context.Context, filter string) ([]byte, error) {
	return s.data(ctx, "get", `<get><filter type="subtree">`+filter+`</filter></get>`)
}

// monitoringNS is the namespace of get-schema (RFC 6022).
const monitoringNS = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"

// GetSchema reads the text of a data model, as the text of the element that
// [Reply.Data] says. An empty version is the only one there is.
func (s *Session) GetSchema(ctx context.Context, identifier, version string) ([]byte, error) {
	asked := "<identifier>" + Escape(identifier) + "</identifier>"
	if version != "" {
		asked += "<version>" + Escape(version) + "</version>"
	}
	return s.data(ctx, "get-schema "+identifier, `<get-schema xmlns="`+monitoringNS+`">`+asked+"</get-schema>")
}

// Answers asks for nothing and waits for whatever answer. A session without one is
// over; the error matches [provision.ErrConnectionLost].
func (s *Session) Answers(ctx context.Context) error {
	if _, err := s.Get(ctx, ""); errors.Is(err, provision.ErrConnectionLost) {
		return err
	}
	return ctx.Err()
}

func (s *Session) data(ctx context.Context, name, operation string) ([]byte, error) {
	r, err := s.do(ctx, name, operation)
	if err != nil {
		return nil, err
	}
	if r.Data == nil {
		return nil, fmt.Errorf("%s: the answer holds no <data>", name)
	}
	return r.Data, nil
}

// EditConfig merges config, the content of <config>, into the candidate. With
// rollback a failed edit leaves nothing behind (:rollback-on-error).
func (s *Session) EditConfig(ctx context.Context, config []byte, rollback bool) error {
	var b bytes.Buffer
	b.WriteString("<edit-config><target><candidate/></target>")
	if rollback {
		b.WriteString("<error-option>rollback-on-error</error-option>")
	}
	b.WriteString("<config>")
	b.Write(config)
	b.WriteString("</config></edit-config>")
	if _, err := s.Do(ctx, b.Bytes()); err != nil {
		return fmt.Errorf("edit-config: %w", err)
	}
	return nil
}

// ReplaceCandidate makes config, the content of <config>, the whole candidate.
func (s *Session) ReplaceCandidate(ctx context.Context, config []byte) error {
	var b bytes.Buffer
	b.WriteString("<copy-config><target><candidate/></target><source><config>")
	b.Write(config)
	b.WriteString("</config></source></copy-config>")
	if _, err := s.Do(ctx, b.Bytes()); err != nil {
		return fmt.Errorf("copy-config: %w", err)
	}
	return nil
}

// CopyConfig copies a datastore over another.
func (s *Session) CopyConfig(ctx context.Context, from, to Datastore) error {
	_, err := s.do(ctx, fmt.Sprintf("copy-config %s to %s", from, to),
		fmt.Sprintf("<copy-config><target><%s/></target><source><%s/></source></copy-config>", to, from))
	return err
}

// Lock locks a datastore.
func (s *Session) Lock(ctx context.Context, d Datastore) error {
	_, err := s.do(ctx, "lock "+string(d), fmt.Sprintf("<lock><target><%s/></target></lock>", d))
	return err
}

// Unlock gives back a lock of this session.
func (s *Session) Unlock(ctx context.Context, d Datastore) error {
	_, err := s.do(ctx, "unlock "+string(d), fmt.Sprintf("<unlock><target><%s/></target></unlock>", d))
	return err
}

// DiscardChanges makes the candidate a copy of running.
func (s *Session) DiscardChanges(ctx context.Context) error {
	_, err := s.do(ctx, "discard-changes", "<discard-changes/>")
	return err
}

// Validate checks a datastore.
func (s *Session) Validate(ctx context.Context, d Datastore) error {
	_, err := s.do(ctx, "validate "+string(d), fmt.Sprintf("<validate><source><%s/></source></validate>", d))
	return err
}

// Commit makes the candidate running.
func (s *Session) Commit(ctx context.Context) error {
	_, err := s.do(ctx, "commit", "<commit/>")
	return err
}

// Seconds is a confirm-timeout: whole seconds, rounded up, at least one.
func Seconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }

// CommitConfirmed makes the candidate running until the timeout ends, unless
// [Session.Confirm] with the same persist id comes first, from any session.
func (s *Session) CommitConfirmed(ctx context.Context, persist string, timeout time.Duration) error {
	_, err := s.do(ctx, "commit confirmed", "<commit><confirmed/><confirm-timeout>"+strconv.Itoa(Seconds(timeout))+
		"</confirm-timeout><persist>"+Escape(persist)+"</persist></commit>")
	return err
}

// Confirm makes a confirmed commit permanent.
func (s *Session) Confirm(ctx context.Context, persist string) error {
	_, err := s.do(ctx, "confirming commit", "<commit><persist-id>"+Escape(persist)+"</persist-id></commit>")
	return err
}

// CancelCommit undoes a confirmed commit.
func (s *Session) CancelCommit(ctx context.Context, persist string) error {
	_, err := s.do(ctx, "cancel-commit", "<cancel-commit><persist-id>"+Escape(persist)+"</persist-id></cancel-commit>")
	return err
}
