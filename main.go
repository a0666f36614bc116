// Terraform-provider-provision is a Terraform provider that plans and applies
// configurations of network devices.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime/debug"
	"time"

	tfprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/netprovision/terraform-provider-provision/internal/device/drivers"
	"github.com/netprovision/terraform-provider-provision/internal/provider"
)

// version is set by the linker.
var version = "dev"

// closeTime is how long sessions may take to end after the server has
// stopped: Terraform kills the process after two seconds.
const closeTime = 1500 * time.Millisecond

func main() {
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
const memory = 120 << 20

// limitMemory sets the limit unless the user has set another one.
func limitMemory(getenv func(string) string) {
	if getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memory)
	}
}

// serve runs the provider until Terraform is done with it, then ends its
// sessions.
func serve(debug bool) error {
	limitMemory(os.Getenv)
	p := provider.New(version, drivers.All(), os.Environ)
	err := providerserver.Serve(context.Background(), func() tfprovider.Provider { return p }, providerserver.ServeOpts{
		Address: "registry.terraform.io/netprovision/provision",
		Debug:   debug,
	})
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	// Nobody listens any more, and what stays open the devices end themselves.
	_ = p.Close(ctx)
	return err
}
