# By the technical name.
terraform import zabbix_agent_host.edge1 edge1

# By the hostid.
terraform import zabbix_agent_host.edge1 hostid=10105
