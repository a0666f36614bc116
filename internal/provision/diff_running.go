package provision

// LeavesRunning tells that making the difference does not touch the running
// configuration: it only saves it, or ends a commit that a former run left.
// The empty difference does as well.
func (d Diff) LeavesRunning() bool {
	for _, h := range d.Hunks {
		if h.Header != headerStartup && h.Header != headerLeftover {
			return false
		}
	}
	return true
}
