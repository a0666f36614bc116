# By the name in the source of truth.
terraform import provision_device.edge1 edge1

# Where the source of truth has the name more than once.
terraform import provision_device.edge1 'edge1,site=ams,tenant=noc'

# With what the source of truth does not say, or says otherwise.
terraform import provision_device.lab 'lab,host=192.0.2.10,port=22,driver=frr,credentials=default'
