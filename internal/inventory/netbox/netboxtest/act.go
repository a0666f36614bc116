package netboxtest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// render answers with an intended configuration. Each template whose id is given
// says what it was called with.
func (s *Server) render(w http.ResponseWriter, r *http.Request, kind inventory.Kind, i int, may may) {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"detail": "JSON parse error"})
		return
	}
	switch {
	case !may.write:
		answer(w, http.StatusForbidden, map[string]any{"detail": refusal})
		return
	case i < 0 || !s.renders(may):
		answer(w, http.StatusNotFound, noObject(kind))
		return
	}
	o := s.objects[kind][i]
	content, ok := s.opts.Configs[o.Name]
	if id, given := body["config_template_id"]; given {
		delete(body, "config_template_id")
		content, ok = fmt.Sprintf("template %v, %s %v\n", id, o.Name, body), true
		if id == 404.0 {
			answer(w, http.StatusBadRequest, map[string]any{"error": "Config template with ID 404 not found."})
			return
		}
	}
	s.answerRendered(w, kind, s.opts.Broken[o.Name], content, ok)
}

// renders tells whether a token may have a configuration rendered.
func (s *Server) renders(may may) bool { return may.view && (may.render || !s.atLeast(4, 5)) }

// answerRendered answers with a configuration, or with why there is none.
func (s *Server) answerRendered(w http.ResponseWriter, kind inventory.Kind, broken, content string, ok bool) {
	switch {
	case broken != "" && s.atLeast(4, 5):
		answer(w, http.StatusInternalServerError, map[string]any{"detail": broken})
	case broken != "":
		exception, text, _ := strings.Cut(broken, ": ")
		answer(w, http.StatusInternalServerError, map[string]any{"error": text, "exception": exception, "netbox_version": s.opts.Version, "python_version": "3.12.3"})
	case !ok:
		answer(w, http.StatusBadRequest, map[string]any{"error": fmt.Sprintf("No config template found for this %s.", strings.ReplaceAll(string(kind), " ", ""))})
	default:
		answer(w, http.StatusOK, map[string]any{"configtemplate": named("template"), "content": content})
	}
}

// addEntry adds an entry to a journal.
func (s *Server) addEntry(w http.ResponseWriter, r *http.Request, may may) {
	if !may.write || !may.view {
		answer(w, http.StatusForbidden, map[string]any{"detail": refusal})
		return
	}
	var e Entry
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil || e.Comments == "" {
		answer(w, http.StatusBadRequest, map[string]any{"comments": []string{"This field is required."}})
		return
	}
	s.journal = append(s.journal, e)
	answer(w, http.StatusCreated, map[string]any{"id": len(s.journal), "comments": e.Comments})
}

// patch changes custom fields. Those whose name ends in _id take numbers only.
func (s *Server) patch(w http.ResponseWriter, r *http.Request, o *inventory.Object, may may) {
	if !may.write {
		answer(w, http.StatusForbidden, map[string]any{"detail": refusal})
		return
	}
	text, _ := io.ReadAll(r.Body)
	var body struct {
		Fields map[string]any `json:"custom_fields"`
	}
	_ = json.Unmarshal(text, &body)
	for _, name := range slices.Sorted(maps.Keys(body.Fields)) {
		_, isNumber := body.Fields[name].(float64)
		if strings.HasSuffix(name, "_id") && !isNumber {
			answer(w, http.StatusBadRequest, map[string]any{"__all__": []string{fmt.Sprintf("Invalid value for custom field '%s': Value must be an integer.", name)}})
			return
		}
	}
	s.patches = append(s.patches, string(text))
	fields := maps.Clone(o.CustomFields)
	maps.Copy(fields, body.Fields)
	o.CustomFields = fields
	answer(w, http.StatusOK, s.shape(*o))
}
