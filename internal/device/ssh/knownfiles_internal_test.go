package ssh

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const keyLine = " ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGr0qv1sZ3yTSdWlZRQTnNVeQgvGoS8qSdGsFLqQXFo1\n"

func TestKnownFiles(t *testing.T) {
	var known KnownFiles
	name := filepath.Join(t.TempDir(), "known_hosts")
	write := func(host string, age time.Duration) {
		t.Helper()
		at := time.Now().Add(-age)
		if err := os.WriteFile(name, []byte(host+keyLine), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	read := func(host string) any {
		t.Helper()
		db, err := known.read([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(db.HostKeys(host + ":22")); n != 1 {
			t.Errorf("%d keys of %s", n, host)
		}
		return db
	}
	write("a1.example.net", time.Hour)
	first := read("a1.example.net")
	if read("a1.example.net") != first {
		t.Error("a file that stayed as it was is read again")
	}
	write("a2.example.net", time.Minute)
	if read("a2.example.net") == first {
		t.Error("a file that was changed is not read again")
	}
	write("a3.example.net", -time.Hour) // of the next hour: it is no older, however long this test is held up
	young := read("a3.example.net")
	if read("a3.example.net") == young {
		t.Error("a file that may still change in the same moment is kept")
	}
	if _, err := known.read([]string{name, name + ".gone"}); err == nil || !strings.Contains(err.Error(), ".gone") {
		t.Errorf("a file that is not there: %v", err)
	}
	write("a4.example.net ssh-ed25519 ???", time.Hour)
	for range 2 {
		if _, err := known.read([]string{name}); err == nil {
			t.Error("a file that is none is taken")
		}
	}
}
