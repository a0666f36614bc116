package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	xmlns = `xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"`
	hello = `<hello ` + xmlns + `><capabilities><capability>urn:ietf:params:netconf:base:1.1</capability></capabilities></hello>]]>]]>`
	// settle is what netconfd 2.13 needs between hello and the first rpc.
	settle = 50 * time.Millisecond
)

// netconf is a NETCONF session over SSH, in chunked framing (RFC 6242).
type netconf struct {
	client *ssh.Client
	in     *bufio.Reader
	out    io.Writer
	id     int
}

// open logs in and exchanges hellos.
func open(n *node) (*netconf, error) {
	c, err := ssh.Dial("tcp", n.addr, n.login)
	if err != nil {
		return nil, err
	}
	s, err := c.NewSession()
	if err != nil {
		return nil, err
	}
	out, err := s.StdinPipe()
	if err != nil {
		return nil, err
	}
	in, err := s.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.RequestSubsystem("netconf"); err != nil {
		return nil, err
	}
	nc := &netconf{client: c, in: bufio.NewReader(in), out: out}
	if _, err := io.WriteString(out, hello); err != nil {
		return nil, err
	}
	for seen := ""; !strings.HasSuffix(seen, "]]>]]>"); {
		part, err := nc.in.ReadString('>')
		if err != nil {
			return nil, err
		}
		seen += part
	}
	<-time.After(settle)
	return nc, nil
}

// do sends operations one after the other.
func (nc *netconf) do(operations ...string) error {
	for _, op := range operations {
		nc.id++
		msg := fmt.Sprintf(`<rpc message-id="%d" %s>%s</rpc>`, nc.id, xmlns, op)
		if _, err := fmt.Fprintf(nc.out, "\n#%d\n%s\n##\n", len(msg), msg); err != nil {
			return err
		}
		reply, err := nc.reply()
		if err != nil {
			return err
		}
		if bytes.Contains(reply, []byte("<rpc-error>")) {
			return fmt.Errorf("%s: %s", op, reply)
		}
	}
	return nil
}

// reply reads one message.
func (nc *netconf) reply() ([]byte, error) {
	var msg []byte
	for {
		head, err := nc.in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		head = strings.TrimSpace(head)
		if head == "##" {
			return msg, nil
		}
		size, ok := strings.CutPrefix(head, "#")
		if !ok {
			continue
		}
		n, err := strconv.Atoi(size)
		if err != nil {
			return nil, errors.New("not a chunk: " + head)
		}
		chunk := make([]byte, n)
		if _, err := io.ReadFull(nc.in, chunk); err != nil {
			return nil, err
		}
		msg = append(msg, chunk...)
	}
}

// confirmed changes a device with a confirmed commit, and confirms and saves
// from a second login.
func confirmed(n *node) error {
	first, err := open(n)
	if err != nil {
		return err
	}
	defer first.client.Close()
	err = first.do(
		"<lock><target><candidate/></target></lock>",
		"<edit-config><target><candidate/></target>"+string(n.config)+"</edit-config>",
		"<get-config><source><candidate/></source></get-config>",
		"<commit><confirmed/><confirm-timeout>120</confirm-timeout><persist>bare</persist></commit>",
		"<unlock><target><candidate/></target></unlock>",
	)
	if err != nil {
		return err
	}
	second, err := open(n)
	if err != nil {
		return err
	}
	defer second.client.Close()
	return second.do(
		"<get-config><source><running/></source></get-config>",
		"<commit><persist-id>bare</persist-id></commit>",
		"<copy-config><target><startup/></target><source><running/></source></copy-config>",
		"<close-session/>",
	)
}
