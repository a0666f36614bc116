package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// socketName is the socket on which the lab answers its console, in the lab's
// directory. It is used from within that directory: the path of a socket is at
// most about 100 bytes long.
const socketName = "console.sock"

// command is one command of the console.
type command struct {
	Args []string `json:"args"`
}

// answer is what a command printed and how it ended.
type answer struct {
	Stdout string `json:"stdout,omitempty"`
	Error  string `json:"error,omitempty"`
	Code   int    `json:"code"`
}

// listen opens the console's socket in the working directory, in place of one
// that a killed lab left.
func listen() (net.Listener, error) {
	if err := os.Remove(socketName); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove the old socket: %w", err)
	}
	l, err := net.Listen("unix", socketName)
	if err != nil {
		return nil, fmt.Errorf("open the console: %w", err)
	}
	return l, nil
}

// serve answers commands until ctx ends.
func serve(ctx context.Context, l net.Listener, run func(args []string) answer) {
	var wg sync.WaitGroup
	defer wg.Wait()
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		wg.Go(func() {
			defer conn.Close()
			var c command
			if json.NewDecoder(bufio.NewReader(conn)).Decode(&c) == nil {
				_ = json.NewEncoder(conn).Encode(run(c.Args))
			}
		})
	}
}

// ask sends a command to the lab whose directory is the working directory.
func ask(ctx context.Context, args []string) (answer, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socketName)
	if err != nil {
		return answer{}, fmt.Errorf("no simulated lab is up here: %w", err)
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return answer{}, fmt.Errorf("set the deadline: %w", err)
		}
	}
	if err := json.NewEncoder(conn).Encode(command{Args: args}); err != nil {
		return answer{}, fmt.Errorf("ask the lab: %w", err)
	}
	var a answer
	if err := json.NewDecoder(conn).Decode(&a); err != nil {
		return answer{}, fmt.Errorf("read the lab's answer: %w", err)
	}
	return a, nil
}

// askLimit is how long a command of the console may take.
const askLimit = 30 * time.Second
