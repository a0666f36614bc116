"""Many devices, for measuring: run inside nautobot-server shell. Environment: ESTATE, how many there shall be, the seed's included.

All are of one site and in the scope of Golden Config, which has a stored configuration of each.
"""

import os

from django.utils import timezone
from nautobot.dcim.models import Device, Interface
from nautobot.extras.models import DynamicGroup
from nautobot.ipam.models import IPAddress, IPAddressToInterface, Prefix
from nautobot_golden_config.models import GoldenConfig

bulk = Device.objects.filter(name__startswith="bulk-")
COUNT = int(os.environ["ESTATE"]) - Device.objects.exclude(name__startswith="bulk-").count()
pattern = Device.objects.get(name="golden1")
have = set(bulk.values_list("name", flat=True))
parent = Prefix.objects.get(network="127.0.0.0")
names = [(i, f"bulk-{i:05}") for i in range(1, COUNT + 1) if f"bulk-{i:05}" not in have]
same = {
    "device_type": pattern.device_type, "role": pattern.role, "status": pattern.status, "platform": pattern.platform, "location": pattern.location,
}
devices = [Device(name=name, **same, _custom_field_data={"rack": f"R{i % 40}", "floor": i % 9}) for i, name in names]
ports = [Interface(device=d, name="eth0", type="1000base-t", status=pattern.status) for d in devices]
addresses = []
for i, name in names:
    ip = IPAddress(address=f"127.{10 + i // 65000}.{i // 250 % 250}.{i % 250 + 1}/32", dns_name=f"{name}.example.net", status=pattern.status)
    ip.parent = parent
    addresses.append(ip)
Device.objects.bulk_create(devices, batch_size=500)
Interface.objects.bulk_create(ports, batch_size=500)
IPAddress.objects.bulk_create(addresses, batch_size=500)
IPAddressToInterface.objects.bulk_create([IPAddressToInterface(interface=p, ip_address=a) for p, a in zip(ports, addresses)], batch_size=500)
for device, ip in zip(devices, addresses):
    device.primary_ip4 = ip
Device.objects.bulk_update(devices, ["primary_ip4"], batch_size=500)

# As the job for intended configurations leaves it.
now = timezone.now()
GoldenConfig.objects.bulk_create([
    GoldenConfig(device=d, intended_config=f"hostname {d.name}\n", intended_last_attempt_date=now, intended_last_success_date=now) for d in devices
], batch_size=500)
# By a property that they share: a filter of a thousand names would cost every request of Golden Config seconds.
group = DynamicGroup.objects.get(name="golden config")
group.filter = {"role": [pattern.role.name]}
group.validated_save()
group.update_cached_members()
print("devices:", Device.objects.count())
