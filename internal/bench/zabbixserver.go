package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// What the hosts of the benchmark have in Zabbix.
const (
	hostPrefix   = "bench-"
	groupName    = "Bench"
	templateName = "Bench light"
)

// zabbixServer is a real Zabbix made by tools/zabbix/zabbix.sh.
type zabbixServer struct {
	url, user, password string
	port                string // of the agent
	log                 string // the access log of its web server
	api                 *api.Client
}

// openZabbix finds the Zabbix of a directory, and makes in it what hosts need.
func (b *bench) openZabbix(ctx context.Context) (*zabbixServer, error) {
	env, err := readEnv(b.zabbix)
	if err != nil {
		return nil, err
	}
	s := &zabbixServer{
		url: env["ZABBIX_URL"], user: env["ZABBIX_USER"], password: env["ZABBIX_PASSWORD"],
		port: env["ZABBIX_AGENT_PORT"], log: filepath.Join(b.zabbix, "log", "php.log"),
	}
	s.api, err = api.New(api.Config{URL: s.url, Username: s.user, Password: s.password, HTTP: httpclient.Config{}})
	if err != nil {
		return nil, err
	}
	v, err := s.api.Version(ctx)
	b.collected.Zabbix = v.Text
	return s, first(
		func() error { return err },
		func() error { return s.prepare(ctx) },
		func() error { return s.check(ctx) },
	)
}

// object is an object of the API.
type object = map[string]any

// write makes one call and reads the answer.
func (s *zabbixServer) write(ctx context.Context, method string, params, into any) error {
	answers, err := s.api.Write(ctx, api.Call{Method: method, Params: params})
	if err == nil {
		err = answers[0].Into(into)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

// prepare makes the host group and a light template, unless they are there: a
// few items that the server asks the agent for, rarely, and a trigger.
func (s *zabbixServer) prepare(ctx context.Context) error {
	var there []any
	if err := s.write(ctx, "template.get", object{"filter": object{"host": templateName}}, &there); err != nil || len(there) > 0 {
		return err
	}
	var group struct{ GroupIDs []string }
	var template struct{ TemplateIDs []string }
	var done any
	return first(
		func() error { return s.write(ctx, "hostgroup.create", object{"name": groupName}, &group) },
		func() error {
			return s.write(ctx, "templategroup.create", object{"name": groupName}, &struct{ GroupIDs *[]string }{&group.GroupIDs})
		},
		func() error {
			return s.write(ctx, "template.create", object{"host": templateName, "groups": object{"groupid": group.GroupIDs[0]}}, &template)
		},
		func() error {
			var items []any
			for i, key := range []string{"agent.ping", "agent.hostname", "agent.version"} {
				kind := []int{3, 1, 1}[i] // a number, and two texts
				items = append(items, object{
					"hostid": template.TemplateIDs[0], "name": key, "key_": key, "type": 0, "value_type": kind, "delay": "1h",
				})
			}
			return s.write(ctx, "item.create", items, &done)
		},
		func() error {
			return s.write(ctx, "trigger.create", object{
				"description": "No answer", "expression": "nodata(/" + templateName + "/agent.ping,3h)=1",
			}, &done)
		},
	)
}

// check makes sure that the access log counts.
func (s *zabbixServer) check(ctx context.Context) error {
	before, err := s.calls()
	if err != nil {
		return err
	}
	const some = 3
	for range some {
		if _, err := s.count(ctx); err != nil {
			return err
		}
	}
	after, err := s.calls()
	if err == nil && after-before != some {
		err = fmt.Errorf("%s has %d POSTs where %d were made: calls cannot be counted", s.log, after-before, some)
	}
	return err
}

// calls is how many POSTs to the API the access log has.
func (s *zabbixServer) calls() (int, error) {
	text, err := os.ReadFile(s.log)
	return bytes.Count(text, []byte("POST /api_jsonrpc.php")), err
}

// count is how many hosts of the benchmark there are.
func (s *zabbixServer) count(ctx context.Context) (int, error) {
	var text string
	err := s.write(ctx, "host.get", object{"countOutput": true, "search": object{"host": hostPrefix}, "startSearch": true}, &text)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(text)
}

// expect fails unless there are so many hosts of the benchmark.
func (s *zabbixServer) expect(ctx context.Context, hosts int) error {
	n, err := s.count(ctx)
	if err == nil && n != hosts {
		err = fmt.Errorf("there are %d hosts of the benchmark in Zabbix, not %d", n, hosts)
	}
	return err
}

// emptied is how many hosts are deleted at once.
const emptied = 500

// empty deletes all hosts of the benchmark.
func (s *zabbixServer) empty(ctx context.Context) error {
	for {
		var list []struct{ HostID string }
		err := s.write(ctx, "host.get", object{
			"output": []string{"hostid"}, "search": object{"host": hostPrefix}, "startSearch": true, "limit": emptied,
		}, &list)
		if err != nil || len(list) == 0 {
			return err
		}
		ids := make([]string, len(list))
		for i, h := range list {
			ids[i] = h.HostID
		}
		var done any
		if err := s.write(ctx, "host.delete", ids, &done); err != nil {
			return err
		}
	}
}
