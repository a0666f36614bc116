// Command simlab is a lab without devices: simulated FRR routers and a simulated
// NETCONF device behind real SSH servers on loopback ports, for people without
// root or without Debian. It takes the commands of tools/lab/lab.sh that the
// demo and a curious person need, and writes the same files.
//
//	simlab up|down|status
//	simlab running|startup NODE       what its console shows
//	simlab exec NODE vtysh -c COMMAND the few show commands that the demo asks
//	simlab drift NODE LINES           change it behind the client's back
//	simlab cut|heal NODE              lose the management path, and get it back
//	simlab reach NODE                 whether its SSH answers
//	simlab reboot NODE                lose everything but the startup configuration
//
// The directory is $LAB_DIR; the ports are those after $LAB_PORTBASE (29300), or
// free ones if that is 0.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// Exit codes beside those of the commands.
const (
	exitFailed = 1
	exitUsage  = 2
)

// upLimit is how long the lab may take to start or to stop.
const upLimit = 20 * time.Second

func main() {
	dir := os.Getenv("LAB_DIR")
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "simlab")
	}
	code, err := run(dir, os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "simlab:", err)
	}
	os.Exit(code)
}

// run runs one command of the command line.
func run(dir string, args []string, stdout io.Writer) (int, error) {
	if len(args) == 0 {
		return exitUsage, errors.New("up, down, status, running, startup, exec, drift, cut, heal, reach or reboot")
	}
	var err error
	switch args[0] {
	case "up":
		err = up(dir, stdout)
	case "serve": // what up starts in the background
		err = serveLab(dir)
	case "down":
		err = down(dir)
	default:
		return console(dir, args, stdout)
	}
	if err != nil {
		return exitFailed, err
	}
	return 0, nil
}

// console asks the lab that is up.
func console(dir string, args []string, stdout io.Writer) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	if err := os.Chdir(dir); err != nil {
		return exitFailed, fmt.Errorf("no simulated lab is up in %s: %w", dir, err)
	}
	a, err := ask(ctx, args)
	if err != nil {
		return exitFailed, err
	}
	if _, err := io.WriteString(stdout, a.Stdout); err != nil {
		return exitFailed, fmt.Errorf("print the answer: %w", err)
	}
	if a.Error != "" {
		err = errors.New(a.Error)
	}
	return a.Code, err
}

// up starts the lab in the background and waits until it answers.
func up(dir string, stdout io.Writer) error {
	if err := down(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the lab's directory: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	log, err := os.Create(filepath.Join(dir, "simlab.log"))
	if err != nil {
		return fmt.Errorf("make the log: %w", err)
	}
	defer log.Close()
	child := exec.Command(self, "serve")
	child.Env = append(os.Environ(), "LAB_DIR="+dir)
	child.Stdout, child.Stderr = log, log
	if err := child.Start(); err != nil {
		return fmt.Errorf("start the lab: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	if err := awaitUp(dir, ended); err != nil {
		text, _ := os.ReadFile(log.Name())
		return errors.Join(err, errors.New(string(text)))
	}
	_, err = fmt.Fprintf(stdout, "simlab: simulated routers r1, r2, r3 and the NETCONF device n1 are up in %s\n", dir)
	return err
}

// awaitUp waits until the lab answers or its process ends.
func awaitUp(dir string, ended <-chan error) error {
	if err := os.Chdir(dir); err != nil {
		return fmt.Errorf("enter the lab's directory: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), upLimit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := ask(ctx, []string{"status"}); err == nil {
			return nil
		}
		select {
		case err := <-ended:
			return fmt.Errorf("the lab ended while it started: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("the lab does not answer: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// down ends the lab in dir, if one is up, and removes its files.
func down(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, markName)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), upLimit)
	defer cancel()
	if err := os.Chdir(dir); err != nil {
		return fmt.Errorf("enter the lab's directory: %w", err)
	}
	// Nobody answers when the lab was killed; its files go all the same.
	_, _ = ask(ctx, []string{"stop"})
	if err := os.Chdir(os.TempDir()); err != nil {
		return fmt.Errorf("leave the lab's directory: %w", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove the lab's files: %w", err)
	}
	return nil
}

// serveLab is the lab itself: it runs until "stop" or a signal to terminate.
// An interrupt from the keyboard is meant for the demo, not for the lab.
func serveLab(dir string) error {
	signal.Ignore(os.Interrupt, syscall.SIGHUP)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	base := 29300
	if text := os.Getenv("LAB_PORTBASE"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 65000 {
			return fmt.Errorf("LAB_PORTBASE is a port, not %q", text)
		}
		base = n
	}
	if err := os.Chdir(dir); err != nil {
		return fmt.Errorf("enter the lab's directory: %w", err)
	}
	l, err := start(".", base)
	if err != nil {
		return err
	}
	defer l.close()
	socket, err := listen()
	if err != nil {
		return err
	}
	serve(ctx, socket, func(args []string) answer {
		if slices.Equal(args, []string{"stop"}) {
			stop()
			return answer{}
		}
		return l.command(args)
	})
	return nil
}
