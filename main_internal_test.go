package main

import (
	"maps"
	"math"
	"runtime/debug"
	"testing"
)

func TestLimitMemory(t *testing.T) {
	before, percent := debug.SetMemoryLimit(math.MaxInt64), debug.SetGCPercent(50)
	defer func() {
		debug.SetMemoryLimit(before)
		debug.SetGCPercent(percent)
	}()
	limitMemory(func(string) string { return "1GiB" })
	if got := debug.SetMemoryLimit(-1); got != math.MaxInt64 {
		t.Errorf("the user's GOMEMLIMIT was replaced by %d", got)
	}
	if got := debug.SetGCPercent(50); got != 50 {
		t.Errorf("the user's GOGC was replaced by %d", got)
	}
	limitMemory(func(string) string { return "" })
	if got := debug.SetGCPercent(50); got != garbage {
		t.Errorf("GOGC is %d, want %d", got, garbage)
	}
	if got := debug.SetMemoryLimit(-1); got != memory {
		t.Errorf("the limit is %d, want %d", got, memory)
	}
}

func TestQuiet(t *testing.T) {
	for name, tc := range map[string]struct {
		env  map[string]string
		want map[string]string
	}{
		"nobody asks":       {nil, map[string]string{"TF_LOG_SDK": "off", "TF_LOG_SDK_PROTO": "off", "TF_LOG_SDK_FRAMEWORK": "off", "TF_LOG_PROVIDER_PROVISION": "off"}},
		"for all":           {map[string]string{"TF_LOG": "info"}, map[string]string{"TF_LOG": "info"}},
		"for providers":     {map[string]string{"TF_LOG_PROVIDER": "trace"}, map[string]string{"TF_LOG_PROVIDER": "trace"}},
		"some are set":      {map[string]string{"TF_LOG_SDK": "warn"}, map[string]string{"TF_LOG_SDK": "warn", "TF_LOG_SDK_PROTO": "off", "TF_LOG_SDK_FRAMEWORK": "off", "TF_LOG_PROVIDER_PROVISION": "off"}},
		"for the core only": {map[string]string{"TF_LOG_CORE": "info"}, map[string]string{"TF_LOG_CORE": "info", "TF_LOG_SDK": "off", "TF_LOG_SDK_PROTO": "off", "TF_LOG_SDK_FRAMEWORK": "off", "TF_LOG_PROVIDER_PROVISION": "off"}},
	} {
		env := maps.Clone(tc.env)
		if env == nil {
			env = map[string]string{}
		}
		quiet(func(k string) string { return env[k] }, func(k, v string) error { env[k] = v; return nil })
		if !maps.Equal(env, tc.want) {
			t.Errorf("%s: %v, want %v", name, env, tc.want)
		}
	}
}
