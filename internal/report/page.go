package report

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io"
)

//go:embed web
var web embed.FS

// page is what the layout is filled with.
type page struct {
	Title   string
	Policy  string
	Style   template.CSS
	Script  template.JS
	Content any
}

// render writes a page of its own: style and script are in it, and its policy
// allows these two by their hashes and nothing else, so that nothing of what comes
// from outside could run or be fetched.
func render(w io.Writer, name, title string, content any) error {
	style, err := web.ReadFile("web/style.css")
	if err != nil {
		return err
	}
	script, err := web.ReadFile("web/script.js")
	if err != nil {
		return err
	}
	t, err := template.New("").Funcs(template.FuncMap{
		"count": count, "notices": fold[*Notice], "losses": fold[Lost],
		"brief": func(s string) string { return cut(oneLine(s), 140) },
	}).ParseFS(web, "web/layout.html", "web/"+name)
	if err != nil {
		return err
	}
	return t.ExecuteTemplate(w, "page", page{
		Title: title, Content: content,
		Style:  template.CSS(style),
		Script: template.JS(script),
		Policy: "default-src 'none'; style-src " + source(style) + "; script-src " + source(script) + "; img-src data:; base-uri 'none'; form-action 'none'",
	})
}

// source is a source expression of a content security policy.
func source(text []byte) string {
	sum := sha256.Sum256(text)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// folded is a list of which the page shows the beginning; the rest opens with a
// click, so that a long one does not hide what comes after it.
type folded[T any] struct {
	Tone        string // the colour
	First, Rest []T
}

// unfolded is how many entries of a list are shown.
const unfolded = 6

func fold[T any](tone string, list []T) folded[T] {
	if len(list) <= unfolded+1 {
		return folded[T]{tone, list, nil}
	}
	return folded[T]{tone, list[:unfolded], list[unfolded:]}
}

// Choice is a value that a list can be filtered by.
type Choice struct{ Value, Label string }

// Selection is a list of choices of which one is taken.
type Selection struct {
	Name, Label, All string
	Values           []Choice
}

// Filter is what a list can be filtered by.
type Filter struct {
	Selects []Selection
	Chips   []Choice
}

// Tile is a number of the summary.
type Tile struct {
	Count       int
	Label, Tone string
	Section     string // that it leads to; may be empty
}
