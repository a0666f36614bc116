package provisiondevice

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestParseImportID(t *testing.T) {
	r1 := identity{Name: types.StringValue("r1")}
	full := identity{
		Name: types.StringValue("r1"), Host: types.StringValue("192.0.2.1"), Port: types.Int64Value(2222),
		Driver: types.StringValue("frr"), Credentials: types.StringValue("lab"),
	}
	cases := map[string]struct {
		want identity
		err  string
	}{
		"r1": {want: r1},
		"r1,host=192.0.2.1,port=2222,driver=frr,credentials=lab": {want: full},
		"r1,credentials=lab,driver=frr,port=2222,host=192.0.2.1": {want: full},
		"rack 4, left: ä/b@c":     {want: identity{Name: types.StringValue("rack 4, left: ä/b@c")}},
		"a,b,host=h":              {want: identity{Name: types.StringValue("a,b"), Host: types.StringValue("h")}},
		"r1,host=2001:db8::1":     {want: identity{Name: types.StringValue("r1"), Host: types.StringValue("2001:db8::1")}},
		"":                        {err: "no device name"},
		",host=h":                 {err: "no device name"},
		"r1,hostname=h":           {err: `unknown key "hostname"`},
		"r1,host=h,driver":        {err: "driver is empty"},
		"r1,host=":                {err: "host is empty"},
		"r1,port=0":               {err: "port \"0\""},
		"r1,port=65536":           {err: "port \"65536\""},
		"r1,port=ssh":             {err: "port \"ssh\""},
		"r1,host=h,host=i":        {err: "given twice"},
		"r1,host=h,password=oops": {err: `unknown key "password"`},
	}
	for id, c := range cases {
		t.Run(id, func(t *testing.T) {
			got, err := parseImportID(id)
			if c.err == "" && (err != nil || got != c.want) {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
			if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("got %v, want an error with %q", err, c.err)
			}
		})
	}
}
