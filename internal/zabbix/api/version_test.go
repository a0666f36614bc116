package api_test

import (
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// version is a version as a client reads it.
func version(t *testing.T, text string) api.Version {
	t.Helper()
	v, err := canned(t, text, http.NotFound).Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Who monitors a host is told in the words of 7.0, and sent in the server's.
func TestHostInTheServersWords(t *testing.T) {
	for _, c := range []struct{ params, old map[string]any }{
		{map[string]any{"host": "a"}, map[string]any{"host": "a"}},
		{map[string]any{"monitored_by": 0}, map[string]any{"proxy_hostid": "0"}},
		{map[string]any{"monitored_by": 1, "proxyid": "7", "host": "a"}, map[string]any{"proxy_hostid": "7", "host": "a"}},
	} {
		for _, text := range []string{"6.0.14", "6.4.1"} {
			if got := version(t, text).Host(c.params); !reflect.DeepEqual(got, c.old) {
				t.Errorf("%s: %v became %v", text, c.params, got)
			}
		}
		for _, text := range []string{"7.0.9", "7.4.3", "8.0.0"} {
			if got := version(t, text).Host(c.params); !reflect.DeepEqual(got, c.params) {
				t.Errorf("%s: %v became %v", text, c.params, got)
			}
		}
	}
}

func TestWordsOfVersions(t *testing.T) {
	for text, want := range map[string]struct {
		groups, proxy, monitor string
		proxyGroups            bool
	}{
		"6.0.14": {"selectGroups", "host", "proxy_hostid", false},
		"6.4.1":  {"selectHostGroups", "host", "proxy_hostid", false},
		"7.0.9":  {"selectHostGroups", "name", "monitored_by", true},
		"7.4.3":  {"selectHostGroups", "name", "monitored_by", true},
	} {
		v := version(t, text)
		groups, _ := v.SelectGroups()
		_, proxy := v.ProxyKeys()
		if groups != want.groups || proxy != want.proxy || v.HasProxyGroups() != want.proxyGroups || !slices.Contains(v.HostOutput(), want.monitor) {
			t.Errorf("%s: %q, %q, %v, %v", text, groups, proxy, v.HasProxyGroups(), v.HostOutput())
		}
	}
}
