package engines_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

const (
	// releaseVariable names the environment variable with the folder of a release,
	// whose archives are then installed as they are (tools/release/check.sh).
	releaseVariable = "PROVISION_RELEASE"
	project         = "terraform-provider-provision"
	source          = "netprovision/provision"
	root            = "../../.."
	startup         = "frr version 8.4.4\nfrr defaults traditional\nhostname r1\nservice integrated-vtysh-config\n!\n" +
		"router bgp 64512\n neighbor 10.1.0.6 remote-as 64513\nexit\n!\nend\n"
	device = "resource \"provision_device\" \"r1\" {\n  name   = \"r1\"\n  config = \"ip route 192.0.2.0/25 Null0\\n\"\n}\n"
)

// here is the platform of this machine.
const here = runtime.GOOS + "_" + runtime.GOARCH

// hosts are the folders of a mirror that serves both engines.
var hosts = []string{"registry.terraform.io", "registry.opentofu.org"}

// release is what a release has: an archive for each platform.
type release struct {
	version  string
	archives map[string][]byte
}

// newRelease is the release that releaseVariable leads to, or one of a binary that
// is built here.
func newRelease(t *testing.T) release {
	t.Helper()
	dir := os.Getenv(releaseVariable)
	if dir == "" {
		return release{"0.0.1", map[string][]byte{here: pack(t, project+"_v0.0.1", binary(t))}}
	}
	r := release{archives: map[string][]byte{}}
	paths, err := filepath.Glob(filepath.Join(dir, project+"_*.zip"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no archives in %s: %v", dir, err)
	}
	for _, path := range paths {
		parts := strings.SplitN(strings.TrimSuffix(filepath.Base(path), ".zip"), "_", 3)
		r.version, r.archives[parts[2]] = parts[1], read(t, path)
	}
	return r
}

// The archives of a release in a filesystem mirror, as a team has it that reaches
// no registry: the one of the platform is installed by init, locked by its hash,
// and works, and all of them can be locked.
func TestInstallFromAFilesystemMirror(t *testing.T) {
	r := newRelease(t)
	w := newInstallation(t, r.version)
	mirror := filepath.Join(w.Dir, "mirror")
	w.Write("terraform.rc", strings.Replace(documented(t), "/srv/mirror", mirror, 1))
	r.place(t, mirror)
	works(t, w, r)

	lock := []string{"providers", "lock", "-fs-mirror=" + mirror}
	for platform := range r.archives {
		lock = append(lock, "-platform="+platform)
	}
	w.Must(0, append(lock, source)...)
	for platform, archive := range r.archives {
		if h := hash(t, archive); !strings.Contains(w.Read(".terraform.lock.hcl"), `"`+h+`"`) {
			t.Errorf("the lock file lacks %s of %s:\n%s", h, platform, w.Read(".terraform.lock.hcl"))
		}
	}

	// Somebody puts another binary into the mirror.
	name, was := unpack(t, r.archives[here])
	r.archives[here] = pack(t, name, append(was, 0))
	r.place(t, mirror)
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
	const version, name = "0.0.1", project + "_v0.0.1"
	w, built := newInstallation(t, version), binary(t)
	w.Write("terraform.rc", "")
	w.Write(name, string(built))
	cmd := exec.Command(filepath.Join(root, "tools/install.sh"), filepath.Join(w.Dir, name), filepath.Join(w.Dir, ".terraform.d/plugins"), version)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	works(t, w, release{version, map[string][]byte{here: pack(t, name, built)}})
}

// binary builds the provider.
func binary(t *testing.T) []byte {
	t.Helper()
	return read(t, filepath.Join(acctest.Binary(t), project))
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// documented is the configuration of the command line that the documentation has.
func documented(t *testing.T) string {
	t.Helper()
	_, after, found := strings.Cut(string(read(t, filepath.Join(root, "docs/guides/engines.md"))), "\nprovider_installation {\n")
	inside, _, ends := strings.Cut(after, "\n}\n")
	if !found || !ends {
		t.Fatal("the page has no provider_installation")
	}
	return "provider_installation {\n" + inside + "\n}\n"
}

// newInstallation makes a workspace with a device on a simulator, which wants this
// very version: engines take one like 1.0.0-rc1 only when it is named.
func newInstallation(t *testing.T, version string) *acctest.Workspace {
	t.Helper()
	w := acctest.NewWorkspace(t, "")
	w.Write("main.tf", fmt.Sprintf("terraform {\n  required_providers {\n    provision = {\n      source = %q\n      version = %q\n    }\n  }\n}\n", source, version)+
		acctest.Simulate(t, map[string]string{"r1": startup}, nil).Provider(t, nil)+device)
	return w
}

// place puts the archives into a mirror.
func (r release) place(t *testing.T, mirror string) {
	t.Helper()
	for _, host := range hosts {
		dir := filepath.Join(mirror, host, source)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for platform, archive := range r.archives {
			name := fmt.Sprintf("%s_%s_%s.zip", project, r.version, platform)
			if err := os.WriteFile(filepath.Join(dir, name), archive, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// pack makes the archive of a binary.
func pack(t *testing.T, name string, binary []byte) []byte {
	t.Helper()
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	header := &zip.FileHeader{Name: name, Method: zip.Store}
	header.SetMode(0o755)
	file, err := z.CreateHeader(header)
	if err == nil {
		_, err = file.Write(binary)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

// unpack gives the one file of an archive.
func unpack(t *testing.T, archive []byte) (name string, binary []byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil || len(z.File) != 1 {
		t.Fatalf("not an archive of one file: %v", err)
	}
	file, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if binary, err = io.ReadAll(file); err != nil {
		t.Fatal(err)
	}
	return z.File[0].Name, binary
}

// hash is what a lock file says of an archive: the hash h1 of
// golang.org/x/mod/sumdb/dirhash, for a single file.
func hash(t *testing.T, archive []byte) string {
	t.Helper()
	name, binary := unpack(t, archive)
	list := sha256.Sum256(fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(binary), name))
	return "h1:" + base64.StdEncoding.EncodeToString(list[:])
}

// works installs the provider and plans with it.
func works(t *testing.T, w *acctest.Workspace, r release) {
	t.Helper()
	if out := w.Must(0, "init", "-input=false"); !strings.Contains(out, "Installed "+source+" v"+r.version) {
		t.Errorf("init installed something else:\n%s", out)
	}
	lock := w.Read(".terraform.lock.hcl")
	for _, want := range []string{acctest.RegistryHost() + "/" + source, r.version, hash(t, r.archives[here])} {
		if !strings.Contains(lock, `"`+want+`"`) {
			t.Errorf("the lock file lacks %s:\n%s", want, lock)
		}
	}
	w.Must(0, "validate")
	if out := w.Must(2, "plan", "-detailed-exitcode"); !strings.Contains(out, "+ ip route 192.0.2.0/25 Null0") {
		t.Errorf("the plan does not show the change:\n%s", out)
	}
}
