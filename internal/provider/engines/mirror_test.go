package engines_test

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

const (
	version = "0.0.1"
	name    = "terraform-provider-provision_v" + version // of the binary in a release
	source  = "netprovision/provision"
	root    = "../../.."
	startup = "frr version 8.4.4\nfrr defaults traditional\nhostname r1\nservice integrated-vtysh-config\n!\n" +
		"router bgp 64512\n neighbor 10.1.0.6 remote-as 64513\nexit\n!\nend\n"
	device = "resource \"provision_device\" \"r1\" {\n  name   = \"r1\"\n  config = \"ip route 192.0.2.0/25 Null0\\n\"\n}\n"
)

// hosts are the folders of a mirror that serves both engines.
var hosts = []string{"registry.terraform.io", "registry.opentofu.org"}

// The archive of a release in a filesystem mirror, as a team has it that reaches
// no registry: it is installed by init, locked by its hash, and works.
func TestInstallFromAFilesystemMirror(t *testing.T) {
	w, binary := newInstallation(t)
	mirror := filepath.Join(w.Dir, "mirror")
	w.Write("terraform.rc", "provider_installation {\n  filesystem_mirror {\n    path = "+acctest.Quote(mirror)+"\n  }\n}\n")
	pack(t, mirror, binary)
	works(t, w, hash(binary))

	// Somebody puts another binary into the mirror.
	pack(t, mirror, append(binary, 0))
	if err := os.RemoveAll(filepath.Join(w.Dir, ".terraform")); err != nil {
		t.Fatal(err)
	}
	if out := w.Must(1, "init", "-input=false"); !strings.Contains(out, "checksums") {
		t.Errorf("the lock file does not hold the binary to its hash:\n%s", out)
	}
}

// What make install does is enough for both engines, without any configuration
// of the command line.
func TestMakeInstall(t *testing.T) {
	w, binary := newInstallation(t)
	w.Write("terraform.rc", "")
	w.Write(name, string(binary))
	cmd := exec.Command(filepath.Join(root, "tools/install.sh"), filepath.Join(w.Dir, name), filepath.Join(w.Dir, ".terraform.d/plugins"), version)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	works(t, w, hash(binary))
}

// newInstallation makes a workspace with a device on a simulator and builds the
// provider.
func newInstallation(t *testing.T) (*acctest.Workspace, []byte) {
	t.Helper()
	binary, err := os.ReadFile(filepath.Join(acctest.Binary(t), "terraform-provider-provision"))
	if err != nil {
		t.Fatal(err)
	}
	w := acctest.NewWorkspace(t, "")
	w.Config(acctest.Simulate(t, map[string]string{"r1": startup}, nil).Provider(t, nil), device)
	return w, binary
}

// pack puts the provider into a mirror as the archive of a release.
func pack(t *testing.T, mirror string, binary []byte) {
	t.Helper()
	for _, host := range hosts {
		dir := filepath.Join(mirror, host, source)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		archive := fmt.Sprintf("terraform-provider-provision_%s_%s_%s.zip", version, runtime.GOOS, runtime.GOARCH)
		if err := writeZip(filepath.Join(dir, archive), binary); err != nil {
			t.Fatal(err)
		}
	}
}

func writeZip(path string, binary []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	z := zip.NewWriter(f)
	header := &zip.FileHeader{Name: name, Method: zip.Store}
	header.SetMode(0o755)
	file, err := z.CreateHeader(header)
	if err != nil {
		return err
	}
	if _, err := file.Write(binary); err != nil {
		return err
	}
	return z.Close()
}

// hash is what a lock file says of the package with this binary: the hash h1 of
// golang.org/x/mod/sumdb/dirhash, for a single file.
func hash(binary []byte) string {
	list := sha256.Sum256(fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(binary), name))
	return "h1:" + base64.StdEncoding.EncodeToString(list[:])
}

// works installs the provider and plans with it.
func works(t *testing.T, w *acctest.Workspace, hash string) {
	t.Helper()
	if out := w.Must(0, "init", "-input=false"); !strings.Contains(out, "Installed "+source+" v"+version) {
		t.Errorf("init installed something else:\n%s", out)
	}
	lock := w.Read(".terraform.lock.hcl")
	for _, want := range []string{acctest.RegistryHost() + "/" + source, version, hash} {
		if !strings.Contains(lock, `"`+want+`"`) {
			t.Errorf("the lock file lacks %s:\n%s", want, lock)
		}
	}
	w.Must(0, "validate")
	if out := w.Must(2, "plan", "-detailed-exitcode"); !strings.Contains(out, "+ ip route 192.0.2.0/25 Null0") {
		t.Errorf("the plan does not show the change:\n%s", out)
	}
}
