package webapi

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Version is the version of a server.
type Version struct{ Major, Minor int }

// AtLeast tells that this is the version or a later one.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// String is the version as people write it.
func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// versionHeader is where each answer tells the version, unless something on the
// way takes it out.
const versionHeader = "API-Version"

// Heard is the version as an answer has told it; empty if none has.
func (c *Client) Heard() string {
	text, _ := c.heard.Load().(string)
	return text
}

// Version returns the version: what an answer has told, else what ask finds out
// the first time. One that is older than those that are known is an error, a newer
// one a warning.
func (c *Client) Version(ctx context.Context, ask func(context.Context) (string, error)) (Version, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version != nil {
		return *c.version, nil
	}
	text := c.Heard()
	if text == "" {
		var err error
		if text, err = ask(ctx); err != nil {
			return Version{}, err
		}
	}
	v, err := c.product.parse(text)
	if err != nil {
		return v, fmt.Errorf("%s: %w", c.Where(), err)
	}
	c.version = &v
	if newest := c.product.Newest; v.AtLeast(newest.Major, newest.Minor+1) {
		c.Warn("%s has version %s, which is newer than those that are known (up to %s). It is spoken to like the newest of them.", c.Where(), text, newest)
	}
	return v, nil
}

// Known is the version if anybody has asked for it, else the newest that is
// known.
func (c *Client) Known() Version {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version == nil {
		return c.product.Newest
	}
	return *c.version
}

// parse reads "4.7", "4.7.3", "3.3.0b1" or "4.7.3-Docker-3.2.1".
func (p Product) parse(text string) (Version, error) {
	parts := strings.SplitN(text, ".", 3)
	var v Version
	var err1, err2 error
	if len(parts) > 1 {
		v.Major, err1 = strconv.Atoi(parts[0])
		digits := len(parts[1]) - len(strings.TrimLeft(parts[1], "0123456789"))
		v.Minor, err2 = strconv.Atoi(parts[1][:digits])
	}
	if len(parts) < 2 || err1 != nil || err2 != nil {
		return v, fmt.Errorf("%q is not a version of %s", text, p.Name)
	}
	if !v.AtLeast(p.Oldest.Major, p.Oldest.Minor) {
		return v, fmt.Errorf("version %s of %s is too old: %s or later is needed", text, p.Name, p.Oldest)
	}
	return v, nil
}
