package rpc

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// BaseNS is the namespace of NETCONF's own elements (RFC 6241).
const BaseNS = "urn:ietf:params:xml:ns:netconf:base:1.0"

// What both sides say they can do in their hello.
const (
	Base10 = "urn:ietf:params:netconf:base:1.0"
	Base11 = "urn:ietf:params:netconf:base:1.1"
)

// Hello is the first message of both sides (RFC 6241 section 8.1).
type Hello struct {
	XMLName      xml.Name `xml:"urn:ietf:params:xml:ns:netconf:base:1.0 hello"`
	Capabilities []string `xml:"capabilities>capability"`
	SessionID    string   `xml:"session-id,omitempty"` // of the server only
}

// readHello reads a server's hello.
func readHello(msg []byte) (Hello, error) {
	var h Hello
	if err := xml.Unmarshal(msg, &h); err != nil {
		return Hello{}, fmt.Errorf("server hello: %w", err)
	}
	for i, c := range h.Capabilities {
		h.Capabilities[i] = strings.TrimSpace(c)
	}
	h.SessionID = strings.TrimSpace(h.SessionID)
	if id, err := strconv.ParseUint(h.SessionID, 10, 32); err != nil || id == 0 {
		return Hello{}, fmt.Errorf("server hello: session-id %q", h.SessionID)
	}
	return h, nil
}

// Reply is what a server answered.
type Reply struct {
	// Data is the content of <data> in an element <config> of our own that
	// carries every namespace prefix in scope; nil without <data>.
	Data []byte
	// Warnings are the rpc-errors of severity warning; they are no failure.
	Warnings []*Error
}

// message is a message from the server, read as far as it takes to hand it on.
type message struct {
	id       string // message-id; may be missing in a reply to what was not XML
	isReply  bool   // else a notification
	reply    Reply
	errors   Errors
	answered bool // ok, data or an error was there
}

// parseMessage reads a message. What is in <data> is taken as it is: the reader
// of the configuration parses it once.
func parseMessage(raw []byte) (message, error) {
	d := xml.NewDecoder(bytes.NewReader(raw))
	root, err := firstElement(d)
	if err != nil {
		return message{}, fmt.Errorf("message: %w", err)
	}
	if root.Name.Local != "rpc-reply" {
		return message{}, nil
	}
	m := message{isReply: true}
	for _, a := range root.Attr {
		if a.Name.Local == "message-id" && a.Name.Space == "" {
			m.id = a.Value
		}
	}
	return m, m.readChildren(d, raw, root)
}

// firstElement skips to the root element.
func firstElement(d *xml.Decoder) (xml.StartElement, error) {
	for {
		t, err := d.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		if start, ok := t.(xml.StartElement); ok {
			return start, nil
		}
	}
}

// readChildren reads the children of rpc-reply.
func (m *message) readChildren(d *xml.Decoder, raw []byte, root xml.StartElement) error {
	for {
		before := d.InputOffset()
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("rpc-reply: %w", io.ErrUnexpectedEOF)
		}
		if err != nil {
			return fmt.Errorf("rpc-reply: %w", err)
		}
		switch t := t.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			m.answered = true
			switch t.Name.Local {
			case "rpc-error":
				if err := m.addError(d, t); err != nil {
					return err
				}
			case "data":
				m.reply.Data, err = content(raw, before, d.InputOffset(), root, t)
				return err
			default:
				if err := d.Skip(); err != nil {
					return fmt.Errorf("rpc-reply: %w", err)
				}
			}
		}
	}
}

// addError sorts an rpc-error by its severity.
func (m *message) addError(d *xml.Decoder, start xml.StartElement) error {
	e, err := decodeError(d, start)
	if err != nil {
		return err
	}
	if e.Severity == SeverityWarning {
		m.reply.Warnings = append(m.reply.Warnings, e)
		return nil
	}
	m.errors = append(m.errors, e)
	return nil
}

// content cuts the content of <data> out of raw, whose start tag lies between
// the offsets from and to, and wraps it with the prefixes that are in scope.
func content(raw []byte, from, to int64, root, data xml.StartElement) ([]byte, error) {
	tag := raw[from:to]
	var inner []byte
	if !bytes.HasSuffix(tag, []byte("/>")) {
		name := tag[1:]
		if i := bytes.IndexAny(name, " \t\r\n/>"); i >= 0 {
			name = name[:i]
		}
		end := bytes.LastIndex(raw, append([]byte("</"), name...))
		if end < int(to) {
			return nil, errors.New("rpc-reply: <data> has no end")
		}
		inner = raw[to:end]
	}
	var b bytes.Buffer
	b.Grow(len(inner) + 256)
	b.WriteString(`<config xmlns="` + BaseNS + `"`)
	prefixes := map[string]string{}
	for _, a := range append(root.Attr, data.Attr...) {
		if a.Name.Space == "xmlns" {
			prefixes[a.Name.Local] = a.Value
		}
	}
	for _, p := range sortedKeys(prefixes) {
		b.WriteString(` xmlns:` + p + `="` + Escape(prefixes[p]) + `"`)
	}
	b.WriteByte('>')
	b.Write(inner)
	b.WriteString("</config>")
	return b.Bytes(), nil
}
