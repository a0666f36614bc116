package report

import (
	"net/url"
	"strings"
)

// Meta says who asked for what a report is about, and where more of it is.
type Meta struct {
	Title  string
	RunID  string
	RunURL string // the run's page in the CI
	Commit string
	Actor  string
	// PageURL is where the full page will be found, for the Markdown.
	PageURL string
	// DeviceURL leads to a device: {name} and {site} are filled in.
	DeviceURL string
	// Site is the one of what does not say its own.
	Site string
}

// tidy makes what came from outside fit to be shown.
func (m Meta) tidy() Meta {
	for _, text := range []*string{&m.Title, &m.RunID, &m.Commit, &m.Actor, &m.Site} {
		*text = cut(oneLine(*text), 500)
	}
	m.RunURL, m.PageURL = link(m.RunURL), link(m.PageURL)
	return m
}

// deviceLink is the page of a device; empty without one.
func (m Meta) deviceLink(name, site string) string {
	return link(strings.NewReplacer("{name}", url.QueryEscape(name), "{site}", url.QueryEscape(site)).Replace(m.DeviceURL))
}

// link lets through what is safe to be clicked: absolute addresses of the web.
func link(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.String()
}
