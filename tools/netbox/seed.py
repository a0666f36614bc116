"""What a NetBox for tests may hold. netbox.sh runs it in NetBox's own shell, on an
empty database; NETBOX_SEED says which seed:

    suite       exactly what internal/inventory/inventorytest wants
    cases       what else a person may meet: nested locations, choices in custom
                fields, templates that fail, names that are not ASCII
    estate N    N devices of ten sites, for measuring

All have users that may less, whose tokens are printed as NAME=VALUE:

    NETBOX_TOKEN_READONLY   may see and render everything, its token may only read
    NETBOX_TOKEN_NORENDER   may see everything, not render (v2)
    NETBOX_TOKEN_POWERLESS  may nothing at all
    NETBOX_TOKEN_DEVICES    may see devices, and nothing else
    NETBOX_TOKEN_EXPIRED    the admin's, but expired
"""
import datetime
import itertools
import os

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from core.models import ObjectType
from dcim.models import Device, DeviceRole, DeviceType, Interface, Location, Manufacturer, Platform, Site
from extras.models import ConfigContext, ConfigTemplate, CustomField, CustomFieldChoiceSet, Tag, TaggedItem
from ipam.models import IPAddress
from tenancy.models import Tenant
from users.models import ObjectPermission, Token, User
from virtualization.models import Cluster, ClusterType, VirtualMachine, VMInterface

number = itertools.count(1)
made = {}


def the(model, name, field='name', **more):
    """The object of that name, made when it is the first time."""
    key = (model, name, more.get('site'))
    if key not in made:
        if any(f.name == 'slug' for f in model._meta.fields):
            more.setdefault('slug', ''.join(c if c.isascii() and c.isalnum() else '-' for c in name.lower()) or f'x{next(number)}')
        made[key] = model(**{field: name}, **more)
        made[key].save()
    return made[key]


def users():
    admin = User.objects.get(username='admin')
    everything = list(ObjectType.objects.all())
    devices = [ObjectType.objects.get_for_model(Device)]
    view = ['view', 'add', 'change']
    for n, (name, actions, types, version, more) in enumerate((
        ('readonly', ['view', 'render_config'], everything, 2, {'write_enabled': False}),
        ('norender', view, everything, 2, {}),
        ('powerless', [], [], 1, {}),
        ('devices', ['view', 'render_config'], devices, 2, {}),
        ('expired', None, None, 2, {'expires': timezone.now() - datetime.timedelta(days=1)}),
    )):
        user = admin
        if actions is not None:
            user = User.objects.create_user(name, password=f'{name}-Netbox-1')
        if actions:
            permission = ObjectPermission(name=name, actions=actions)
            permission.save()
            permission.object_types.set(types)
            permission.users.set([user])
        secret = f'{n}0123456789abcdef0123456789abcdef0123456'
        if version == 2:
            key = f'{name:x<12}'
            Token(user=user, version=2, key=key, token=secret, **more).save()
            secret = f'nbt_{key}.{secret}'
        else:
            Token(user=user, version=1, token=secret, **more).save()
        print(f'NETBOX_TOKEN_{name.upper()}={secret}')


def address(owner, interface, text, dns='', **primary):
    """An address on an interface of a device or virtual machine, and what it is there."""
    ip = IPAddress(address=text, dns_name=dns, assigned_object=interface)
    ip.save()
    for field, yes in primary.items():
        if yes:
            setattr(owner, field, ip)


def device(name, site='store', role='other', model='box', vendor='Generic', platform=None, tags=(), ip4=None, ip6=None, oob=None, dns='', dns6='', tenant=None,
           cluster=None, location=None, **more):
    site = the(Site, site)
    d = Device(
        name=name, site=site, role=the(DeviceRole, role), platform=platform and the(Platform, platform),
        device_type=the(DeviceType, model, 'model', manufacturer=the(Manufacturer, vendor)),
        tenant=tenant and the(Tenant, tenant), cluster=cluster and clustered(cluster), **more)
    for part in location or ():
        d.location = the(Location, part, site=site, parent=d.location)
    d.save()
    d.tags.set([the(Tag, t) for t in tags])
    port = Interface(device=d, name='mgmt', type='virtual')
    port.save()
    if ip4:
        address(d, port, ip4, dns, primary_ip4=True)
    if ip6:
        address(d, port, ip6, dns6, primary_ip6=True)
    if oob:
        address(d, port, oob, oob_ip=True)
    d.save()
    return d


def clustered(name, site=None):
    return the(Cluster, name, type=the(ClusterType, 'KVM'), scope=site and the(Site, site))


def machine(name, site=None, role=None, platform=None, cluster=None, tags=(), ip4=None, dns='', **more):
    vm = VirtualMachine(
        name=name, site=site and the(Site, site), role=role and the(DeviceRole, role), platform=platform and the(Platform, platform),
        cluster=cluster and clustered(cluster), **more)
    vm.save()
    vm.tags.set([the(Tag, t) for t in tags])
    if ip4:
        port = VMInterface(virtual_machine=vm, name='eth0')
        port.save()
        address(vm, port, ip4, dns, primary_ip4=True)
        vm.save()
    return vm


def custom_field(name, type, **more):
    f = CustomField(name=name, type=type, **more)
    f.save()
    f.object_types.set([ObjectType.objects.get_for_model(Device), ObjectType.objects.get_for_model(VirtualMachine)])


def template(name, code, **more):
    return the(ConfigTemplate, name, template_code=code, **more)


def suite():
    for name, type in (('rack', 'text'), ('floor', 'integer'), ('height', 'decimal'), ('no_zabbix', 'boolean'), ('owner', 'text'), ('empty', 'text'),
                       ('contacts', 'json'), ('place', 'json')):
        custom_field(name, type)
    fields = {'rack': 'A4', 'floor': 3, 'height': 1.5, 'no_zabbix': True, 'owner': None, 'empty': '',
              'contacts': ['net', 7, {'name': 'sys'}], 'place': {'room': 'R1'}}
    clustered('c2', 'fra')
    device('ams-edge1', 'ams', 'edge', 'virtual', 'FRRouting', 'linux-frr', ('bgp', 'prod'), '192.0.2.1/24', oob='198.51.100.1/24',
                  dns='ams-edge1.example.net', tenant='ops', cluster='c1', location=['hall 1'], status='active', custom_field_data=fields,
                  config_template=template('hostname', 'hostname {{ device.name }}\n\n'))
    device('ams-core1', 'ams', 'core', platform='netconf-box', tags=['prod'], ip4='192.0.2.2/24', ip6='2001:db8::2/64', status='planned',
           dns='core1-v4.example.net', dns6='core1.example.net',
           config_template=template('empty', "{{ '' }}"))
    device('fra-edge1', 'fra', 'edge', platform='linux-frr', ip6='2001:db8::3/64', status='failed')
    device('spare')
    for site, ip in (('ams', '192.0.2.11/24'), ('fra', '192.0.2.12/24')):
        device('twin', site, ip4=ip)
    context = ConfigContext(name='edge', weight=1000, data={'ntp': ['192.0.2.123'], 'zabbix': {'templates': ['Linux by Zabbix agent']}})
    context.save()
    context.tags.set([the(Tag, 'bgp')])
    machine('ams-edge1', 'ams', 'web', 'debian', 'c1', ('prod', 'web'), '192.0.2.80/24', 'web.example.net', custom_field_data=fields)
    machine('db1', cluster='c2', status='planned')
    machine('idle')


def cases():
    choices = CustomFieldChoiceSet(name='modes', extra_choices=[['off', 'Switched off'], ['auto', 'Automatic']])
    choices.save()
    custom_field('mode', 'select', choice_set=choices)
    custom_field('modes', 'multiselect', choice_set=choices)
    custom_field('zabbix_hostid', 'integer')
    custom_field('note', 'text')
    device('deep1', 'lab', 'access', platform='frr', ip4='192.0.2.21/24', location=['building 1', 'floor 2', 'room 3'],
           custom_field_data={'mode': 'auto', 'modes': ['off', 'auto'], 'note': 'ü', 'zabbix_hostid': 10084},
           config_template=template('greeting', '{{ device.name }} says {{ word|default("nothing") }}\n'))
    print(f'NETBOX_TEMPLATE={template("other", "other {{ device.name }} {{ word }}").pk}')
    device('zürich-söüth-1', 'Zürich', 'access', platform='frr', ip4='192.0.2.22/24', tags=['grün'])
    device('$(touch x) & y=1', 'lab', 'access', ip4='192.0.2.23/24')
    device('undefined1', 'lab', 'access', config_template=template('undefined', 'hostname {{ device.name }}\n{{ nosuch.x.y }}\n'))
    device('syntax1', 'lab', 'access', config_template=template('syntax', 'hostname {{ device.name }}\n{% for %}\n'))
    device('debug1', 'lab', 'access', config_template=template('debug', 'hostname {{ device.name }}\n{{ nosuch.x.y }}\n', debug=True))
    device('gone1', 'lab', 'access', platform='frr')
    device('role1', 'lab', 'by role', platform='frr')
    made[DeviceRole, 'by role', None].config_template = template('by role', 'role {{ device.role.slug }}')
    made[DeviceRole, 'by role', None].save()
    device(None, 'lab', 'access')
    machine('vm1', 'lab', platform='frr', ip4='192.0.2.24/24', dns='vm1.example.net',
            config_template=template('vm', 'hostname {{ virtualmachine.name }}'))


def estate(n):
    n = int(n)
    custom_field('zabbix_hostid', 'integer')
    custom_field('rack', 'text')
    sites = [the(Site, f'site{i}') for i in range(10)]
    roles = [the(DeviceRole, r) for r in ('access', 'core', 'edge')]
    tags = [the(Tag, t) for t in ('prod', 'zabbix')]
    kind = the(DeviceType, 'box', 'model', manufacturer=the(Manufacturer, 'Generic'))
    platform = the(Platform, 'frr', config_template=template('frr', 'hostname {{ device.name }}\n{% for s in ntp %}ip route {{ s }}/32 Null0\n{% endfor %}'))
    for site in sites:
        context = ConfigContext(name=site.name, data={'ntp': ['192.0.2.123'], 'zabbix': {'host_groups': [site.name]}})
        context.save()
        context.sites.set([site])
    devices = Device.objects.bulk_create([
        Device(name=f'e{i:05}', site=sites[i % 10], role=roles[i % 3], device_type=kind, platform=platform, custom_field_data={'rack': f'R{i % 40}', 'zabbix_hostid': None})
        for i in range(n)], batch_size=500)
    ports = Interface.objects.bulk_create([Interface(device=d, name='mgmt', type='virtual', _site=d.site) for d in devices], batch_size=500)
    on = ContentType.objects.get_for_model(Interface)
    addresses = IPAddress.objects.bulk_create([
        IPAddress(address=f'10.{i >> 16}.{i >> 8 & 255}.{i & 255}/32', dns_name=f'e{i:05}.example.net', assigned_object_type=on, assigned_object_id=p.pk)
        for i, p in enumerate(ports)], batch_size=500)
    for d, ip in zip(devices, addresses):
        d.primary_ip4 = ip
    Device.objects.bulk_update(devices, ['primary_ip4'], batch_size=500)
    on = ContentType.objects.get_for_model(Device)
    TaggedItem.objects.bulk_create([TaggedItem(tag=t, content_type=on, object_id=d.pk) for d in devices for t in tags], batch_size=1000)


name, *args = os.environ['NETBOX_SEED'].split()
{'suite': suite, 'cases': cases, 'estate': estate}[name](*args)
users()
print('SEED=done')
