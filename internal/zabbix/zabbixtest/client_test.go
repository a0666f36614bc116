package zabbixtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"testing"
)

// post sends a body as it is and gives the answer.
func post(t *testing.T, url, body, bearer string) (status int, answer []byte, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json-rpc")
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	// A connection of its own: one that the fake has just broken would be taken again.
	r.Close = true
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		return resp.StatusCode, b.Bytes(), err
	}
	return resp.StatusCode, b.Bytes(), nil
}

func decode(t *testing.T, b []byte) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return out
}
