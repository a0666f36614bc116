package zabbixagenthost

import (
	"fmt"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// idPrefix begins an import id that is a hostid. A number alone is a legal
// technical name.
const idPrefix = "hostid="

// parseImportID reads an import id: the technical name, or "hostid=10105".
func parseImportID(id string) (zabbix.Ref, error) {
	number, isID := strings.CutPrefix(id, idPrefix)
	switch {
	case id == "":
		return zabbix.Ref{}, fmt.Errorf("the import id is empty")
	case !isID:
		return zabbix.Ref{Name: id, Host: id}, nil
	case number == "" || strings.Trim(number, "0123456789") != "":
		return zabbix.Ref{}, fmt.Errorf("import id %q: a hostid is a number", id)
	}
	return zabbix.Ref{Name: id, ID: number}, nil
}
