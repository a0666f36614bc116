// Terraform-provider-provision is a Terraform provider that plans and applies
// configurations of network devices. As "terraform-provider-provision report" it
// makes reports on plans and runs.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime/debug"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/netprovision/terraform-provider-provision/internal/device/drivers"
	"github.com/netprovision/terraform-provider-provision/internal/provider"
	"github.com/netprovision/terraform-provider-provision/internal/provider/server"
	"github.com/netprovision/terraform-provider-provision/internal/report/cmd"
)

// version is set by the linker.
var version = "dev"

// closeTime is how long sessions may take to end after the server has
// stopped: Terraform kills the process after two seconds.
const closeTime = 1500 * time.Millisecond

func main() {
	if len(os.Args) > 1 && os.Args[1] == "report" {
		env := cmd.Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}
		os.Exit(cmd.Main(env, os.Args[2:]))
	}
	debug := flag.Bool("debug", false, "run for a debugger such as delve")
	show := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *show {
		fmt.Println(version)
		return
	}
	if err := serve(*debug); err != nil {
		log.Fatal(err)
	}
}

// memory is how much memory, in bytes, the garbage collector may let the process
// take before it works harder: many devices with large configurations are no
// reason to take several times what is in use. More is taken when it is needed.
const memory = 100 << 20

// garbage is how much may lie about below that, in percent of what is in use. A
// heap of a few MB is collected over and over at Go's own 100, for nothing.
const garbage = 800

// limitMemory sets both unless the user has set them.
func limitMemory(getenv func(string) string) {
	if getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memory)
	}
	if getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
}

// quiet turns off the log of the libraries and of the provider as long as nobody
// has asked for one: they write everything then, dozens of lines a call, and
// Terraform reads and drops them. What the user has set stays.
func quiet(getenv func(string) string, setenv func(name, value string) error) {
	if getenv("TF_LOG") != "" || getenv("TF_LOG_PROVIDER") != "" {
		return
	}
	for _, name := range []string{"TF_LOG_SDK", "TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_PROVIDER_PROVISION"} {
		if getenv(name) == "" {
			_ = setenv(name, "off")
		}
	}
}

// serve runs the provider until Terraform is done with it, then ends its
// sessions.
func serve(debug bool) error {
	limitMemory(os.Getenv)
	if !debug { // there it is the terminal that shows the log
		quiet(os.Getenv, os.Setenv)
	}
	p := provider.New(version, drivers.All(), os.Environ)
	var opts []tf6server.ServeOpt
	if debug {
		opts = append(opts, tf6server.WithManagedDebug())
	}
	err := tf6server.Serve("registry.terraform.io/netprovision/provision", func() tfprotov6.ProviderServer { return server.New(p) }, opts...)
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	// Nobody listens any more, and what stays open the devices end themselves.
	_ = p.Close(ctx)
	return err
}
