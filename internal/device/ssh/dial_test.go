package ssh_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

var (
	unreachable = []error{provision.ErrUnreachable}
	auth        = []error{provision.ErrAuth}
)

// TestLogins: each way to log in works, alone and with the others wrong.
func TestLogins(t *testing.T) {
	public, private := newKey(t)
	lockedPublic, locked := lockedKey(t)
	_, unknown := newKey(t)
	byPassword := sshtest.User{Password: password}
	cases := map[string]struct {
		user   sshtest.User
		ask    bool
		change func(*ssh.Config)
	}{
		"password":             {byPassword, false, func(*ssh.Config) {}},
		"keyboard-interactive": {byPassword, true, func(*ssh.Config) {}},
		"key": {sshtest.User{Keys: []xssh.PublicKey{public}}, false, func(c *ssh.Config) {
			c.Password, c.PrivateKey = "", private
		}},
		"key with blanks around it, and a passphrase it does not need": {sshtest.User{Keys: []xssh.PublicKey{public}}, false, func(c *ssh.Config) {
			c.Password, c.PrivateKey, c.Passphrase = "", "\n"+private+"\n\n", "x"
		}},
		"key with passphrase": {sshtest.User{Keys: []xssh.PublicKey{lockedPublic}}, false, func(c *ssh.Config) {
			c.Password, c.PrivateKey, c.Passphrase = "", locked, passphrase
		}},
		"password after a key that is not taken": {byPassword, false, func(c *ssh.Config) { c.PrivateKey = unknown }},
		"key before a wrong password": {sshtest.User{Keys: []xssh.PublicKey{public}}, false, func(c *ssh.Config) {
			c.Password, c.PrivateKey = wrong, private
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			s := server(t, func(o *sshtest.Options) {
				o.Users, o.KeyboardInteractive = map[string]sshtest.User{user: c.user}, c.ask
			})
			conf := config(t, s)
			c.change(&conf)
			res, err := dial(t, conf).Run(t.Context(), "cat", strings.NewReader("hello"))
			if err != nil || string(res.Stdout) != "hello" {
				t.Errorf("Run = %q, %v", res.Stdout, err)
			}
		})
	}
}

// TestUnlockKey: an unlocked key logs in without its passphrase.
func TestUnlockKey(t *testing.T) {
	public, locked := lockedKey(t)
	plain, err := ssh.UnlockKey(locked, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ssh.UnlockKey(plain, "")
	if err != nil || again != plain {
		t.Errorf("a plain key was changed, %v", err)
	}
	s := server(t, func(o *sshtest.Options) {
		o.Users = map[string]sshtest.User{user: {Keys: []xssh.PublicKey{public}}}
	})
	c := config(t, s)
	c.Password, c.PrivateKey = "", plain
	dial(t, c)
	for _, bad := range []string{"", wrong} {
		_, err := ssh.UnlockKey(locked, bad)
		failure(t, err, nil, "private_key")
	}
	_, err = ssh.UnlockKey(password, "")
	failure(t, err, nil, "not a private key")
}

// serveAgent makes SSH_AUTH_SOCK lead to an agent with these keys.
func serveAgent(t *testing.T, keys ...any) {
	t.Helper()
	ring := agent.NewKeyring()
	for _, k := range keys {
		if err := ring.Add(agent.AddedKey{PrivateKey: k}); err != nil {
			t.Fatal(err)
		}
	}
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	t.Setenv("SSH_AUTH_SOCK", socket)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, c) }()
		}
	}()
}

func TestAgent(t *testing.T) {
	noLeaks(t)
	_, private := newKey(t)
	raw, err := xssh.ParseRawPrivateKey([]byte(private))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := xssh.NewSignerFromKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	s := server(t, func(o *sshtest.Options) {
		o.Users = map[string]sshtest.User{user: {Keys: []xssh.PublicKey{signer.PublicKey()}}}
	})
	c := config(t, s)
	c.Password, c.Agent = "", true

	serveAgent(t, raw)
	dial(t, c)

	serveAgent(t) // without keys
	_, err = ssh.Dial(t.Context(), c)
	failure(t, err, auth, "has no keys")

	t.Setenv("SSH_AUTH_SOCK", filepath.Join(t.TempDir(), "nothing"))
	_, err = ssh.Dial(t.Context(), c)
	failure(t, err, auth, "ask the agent")
	if n := s.Counts().Connections; n != 1 {
		t.Errorf("%d connections, want only that of the login that could work", n)
	}
}

// TestAgentThatHangs: an agent may wait for a person; the context ends that.
func TestAgentThatHangs(t *testing.T) {
	noLeaks(t)
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("SSH_AUTH_SOCK", socket)
	c := config(t, server(t))
	c.Password, c.Agent, c.ConnectTimeout = "", true, 500*time.Millisecond
	_, err = ssh.Dial(t.Context(), c)
	failure(t, err, []error{provision.ErrAuth, context.DeadlineExceeded}, "ask the agent", "no answer within 500ms")
}

// TestConfigurationErrors: what cannot work is told before anything is sent.
func TestConfigurationErrors(t *testing.T) {
	_, locked := lockedKey(t)
	t.Setenv("SSH_AUTH_SOCK", "")
	cases := map[string]struct {
		change func(*ssh.Config)
		says   string
	}{
		"no host":             {func(c *ssh.Config) { c.Host = "" }, "no host"},
		"no user":             {func(c *ssh.Config) { c.Username = "" }, "set username"},
		"no credentials":      {func(c *ssh.Config) { c.Password = "" }, "set private_key or password"},
		"no agent":            {func(c *ssh.Config) { c.Password, c.Agent = "", true }, "SSH_AUTH_SOCK is not set"},
		"no host key":         {func(c *ssh.Config) { c.KnownHosts = nil }, "set host_key, or known_hosts"},
		"no such known_hosts": {func(c *ssh.Config) { c.KnownHosts = []string{"no-such-file"} }, "no-such-file"},
		"bad pin":             {func(c *ssh.Config) { c.HostKey = "MD5:00" }, "neither a public key"},
		"not a key":           {func(c *ssh.Config) { c.PrivateKey = password }, "not a private key"},
		"no passphrase":       {func(c *ssh.Config) { c.PrivateKey = locked }, "encrypted"},
		"wrong passphrase":    {func(c *ssh.Config) { c.PrivateKey, c.Passphrase = locked, wrong }, "passphrase does not open"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := server(t)
			conf := config(t, s)
			jump := config(t, s)
			c.change(&conf)
			conf.Jump = []ssh.Config{jump}
			_, err := ssh.Dial(t.Context(), conf)
			failure(t, err, auth, "ssh to ", "configuration", c.says)
			if n := s.Counts().Connections; n != 0 {
				t.Errorf("%d connections were made", n)
			}
		})
	}
}

func TestRefusedLogin(t *testing.T) {
	_, private := newKey(t)
	cases := map[string]struct {
		ask    bool
		change func(*ssh.Config)
		says   []string
		tried  int
	}{
		"wrong password": {false, func(c *ssh.Config) { c.Password = wrong }, []string{"tried password;", "takes password, publickey"}, 1},
		"wrong answer":   {true, func(c *ssh.Config) { c.Password = wrong }, []string{"tried keyboard-interactive;"}, 1},
		"unknown user":   {false, func(c *ssh.Config) { c.Username = "admin" }, []string{`"admin" refused`}, 1},
		"wrong key":      {false, func(c *ssh.Config) { c.Password, c.PrivateKey = "", private }, []string{"tried publickey;"}, 1},
		"both":           {false, func(c *ssh.Config) { c.Password, c.PrivateKey = wrong, private }, []string{"tried publickey, password;"}, 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			s := server(t, func(o *sshtest.Options) { o.KeyboardInteractive = c.ask })
			conf := config(t, s)
			c.change(&conf)
			_, err := ssh.Dial(t.Context(), conf)
			failure(t, err, auth, append(c.says, "ssh to "+s.Addr()+": login: user ")...)
			refused, ok := errors.AsType[*ssh.LoginError](err)
			if !ok || len(refused.Tried) != c.tried {
				t.Errorf("%d methods tried, want %d", len(refused.Tried), c.tried)
			}
		})
	}
}

func TestNoCommonMethod(t *testing.T) {
	s := server(t, func(o *sshtest.Options) { o.KeyboardInteractive = true })
	public, private := newKey(t)
	_ = public
	c := config(t, s)
	c.Password, c.PrivateKey = "", private
	_, err := ssh.Dial(t.Context(), c)
	failure(t, err, auth, "takes publickey, keyboard-interactive")
}

// TestMoreThanAPassword: a host that asks for a second factor gets no guesses.
func TestMoreThanAPassword(t *testing.T) {
	key, err := sshtest.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan []string, 1)
	conf := &xssh.ServerConfig{KeyboardInteractiveCallback: func(_ xssh.ConnMetadata, ask xssh.KeyboardInteractiveChallenge) (*xssh.Permissions, error) {
		answers, err := ask("", "", []string{"Password: ", "Code: "}, []bool{false, false})
		asked <- answers
		return nil, err
	}}
	conf.AddHostKey(key)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, _, _, _ = xssh.NewServerConn(c, conf)
			_ = c.Close()
		}
	}()
	host, port := split(t, l.Addr())
	_, err = ssh.Dial(t.Context(), ssh.Config{
		Host: host, Port: port, Username: user, Password: password,
		HostKey: xssh.FingerprintSHA256(key.PublicKey()),
	})
	failure(t, err, auth, "login")
	if answers := <-asked; len(answers) > 0 {
		t.Errorf("the host got %d answers", len(answers))
	}
}

// split is host and port of an address.
func split(t *testing.T, a net.Addr) (string, int) {
	t.Helper()
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		t.Fatalf("not a TCP address: %v", a)
	}
	return tcp.IP.String(), tcp.Port
}

// TestUnreachable: causes are told apart in the text.
func TestUnreachable(t *testing.T) {
	noLeaks(t)
	cases := map[string]struct {
		prepare func(*sshtest.Server, *ssh.Config)
		limit   time.Duration
		kinds   []error
		says    []string
	}{
		"port closed":  {func(s *sshtest.Server, _ *ssh.Config) { s.Refuse() }, time.Minute, []error{syscall.ECONNREFUSED}, []string{": connect: the port is closed"}},
		"no such name": {func(_ *sshtest.Server, c *ssh.Config) { c.Host = "no..such..host" }, time.Minute, nil, []string{`: resolve: name "no..such..host"`}},
		"no route":     {func(_ *sshtest.Server, c *ssh.Config) { c.Host = "255.255.255.255" }, time.Minute, nil, []string{": connect: no route"}},
		"never speaks": {func(s *sshtest.Server, _ *ssh.Config) { s.SetSilent(true) }, time.Second, []error{context.DeadlineExceeded}, []string{": handshake: ", "never spoke", "within 1s"}},
		"path is cut":  {func(s *sshtest.Server, _ *ssh.Config) { s.Cut() }, time.Second, []error{context.DeadlineExceeded}, []string{": handshake: "}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := server(t)
			conf := config(t, s)
			conf.HostKey = xssh.FingerprintSHA256(s.HostKey())
			conf.ConnectTimeout = c.limit
			c.prepare(s, &conf)
			_, err := ssh.Dial(t.Context(), conf)
			failure(t, err, append(unreachable, c.kinds...), c.says...)
			if errors.Is(err, provision.ErrAuth) {
				t.Error("the error matches ErrAuth as well")
			}
		})
	}
}

// TestServerHangsUp: a server that closes the connection at once.
func TestServerHangsUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = io.WriteString(c, "SSH-2.0-x\r\n")
			_ = c.Close()
		}
	}()
	host, port := split(t, l.Addr())
	_, err = ssh.Dial(t.Context(), ssh.Config{Host: host, Port: port, Username: user, Password: password, HostKey: "SHA256:x"})
	failure(t, err, unreachable, "handshake")
}

func TestSlowLoginEndsInTheTimeout(t *testing.T) {
	noLeaks(t)
	release := make(chan struct{})
	s := server(t, func(o *sshtest.Options) {
		o.Login = func(string) error { <-release; return nil }
	})
	defer close(release)
	c := config(t, s)
	c.ConnectTimeout = 2 * time.Second // keys are exchanged before
	_, err := ssh.Dial(t.Context(), c)
	failure(t, err, []error{provision.ErrUnreachable, context.DeadlineExceeded}, ": login: no answer within 2s")
}

func TestConnectionBreaksDuringLogin(t *testing.T) {
	var s *sshtest.Server
	s = server(t, func(o *sshtest.Options) {
		o.Login = func(string) error { s.Drop(); return nil }
	})
	_, err := ssh.Dial(t.Context(), config(t, s))
	failure(t, err, unreachable, ": login: the host closed the connection")
}

func TestContextEndsDialing(t *testing.T) {
	noLeaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { // it never speaks, and what came from us is the handshake
		if c, err := l.Accept(); err == nil {
			_, _ = c.Read(make([]byte, 1))
			cancel()
			_, _ = io.Copy(io.Discard, c)
			_ = c.Close()
		}
	}()
	host, port := split(t, l.Addr())
	_, err = ssh.Dial(ctx, ssh.Config{Host: host, Port: port, Username: user, Password: password, HostKey: "SHA256:x"})
	failure(t, err, []error{provision.ErrUnreachable, context.Canceled}, "handshake")
}

// ecdsaKey makes a host key of another type than sshtest's own.
func ecdsaKey(t *testing.T) xssh.Signer {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := xssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}
