// Package provision is the core of the provider: one function, [Run], that
// works out what a target would change and, when asked to, makes it so.
//
// A [Target] is one thing that can be provisioned: a network device, a host in
// a monitoring system. terraform plan calls Run with DryRun, terraform apply
// calls it without. What a target cannot do is read from its [Capabilities];
// what it did is told by a [Result] and by one [Event] per step.
//
// The package imports the standard library only and knows neither Terraform
// nor any device.
package provision
