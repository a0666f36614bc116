// Terraform-provider-provision is a Terraform provider that plans and applies
// configurations of network devices.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
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

// serve runs the provider until Terraform is done with it, then ends its
// sessions.
func serve(debug bool) error {
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
