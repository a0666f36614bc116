package zabbixagenthost

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

// changes checks that the plan shows a change of exactly this attribute, beside
// those that come and go.
func changes(attribute string) plancheck.PlanCheck { return changed1(attribute) }

type changed1 string

// CheckPlan implements plancheck.PlanCheck.
func (c changed1) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, rc := range req.Plan.ResourceChanges {
		if rc.Address != at1 {
			continue
		}
		before, _ := rc.Change.Before.(map[string]any)
		after, _ := rc.Change.After.(map[string]any)
		unknown, _ := rc.Change.AfterUnknown.(map[string]any)
		var names []string
		for name := range before {
			v := after[name]
			if slices.Contains([]string{"diff", "change_id", "removes"}, name) {
				continue
			}
			if u, _ := unknown[name].(bool); u || !reflect.DeepEqual(v, before[name]) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		if got := strings.Join(names, ","); got != string(c) {
			resp.Error = fmt.Errorf("the plan changes %q, want %q (before %v, after %v)", got, string(c), before, after)
		}
	}
}
