package lifecycle_test

import "testing"

func TestInstead(t *testing.T) {
	of := []lifecase{
		{name: "shared", slow: true, steps: []step{{run: "plan", want: want{contacts: 1}, note: "of a device"}}},
		{name: "other", steps: []step{{run: "plan"}}},
	}
	own := []lifecase{{name: "further"}, {name: "other", steps: []step{{run: "apply"}}}}
	outcomes := map[string][]outcome{"shared": {{want: want{contacts: 2}, note: "of a host"}}}
	got, err := instead(of, outcomes, own)
	if err != nil || len(got) != 3 || got[1].steps[0].run != "apply" || got[2].name != "further" {
		t.Fatalf("%+v, %v", got, err)
	}
	if s := got[0].steps[0]; s.want.contacts != 2 || s.note != "of a host" || s.run != "plan" || got[0].slow {
		t.Errorf("%+v", got[0])
	}
	if of[0].steps[0].want.contacts != 1 {
		t.Error("the matrix itself was changed")
	}
	if _, err := instead(of, nil, own); err == nil {
		t.Error("a case without outcomes is accepted")
	}
}
