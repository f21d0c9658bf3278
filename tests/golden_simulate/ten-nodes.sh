#!/bin/sh
# Wave plan for ten-nodes.toml, by novatrace x. Read it before you run it.
# Backtest: a scenario file: there is nothing observed to test the model against.
# Each wave fits wherever the scheduler sends it, as long as nobody else takes room meanwhile.
# A cold-migrated VM stays in VERIFY_RESIZE until `openstack server migrate confirm VM` (client 5.0 and later; before: `openstack server resize confirm VM` in 4.0, `openstack server resize --confirm VM` in 3).
# The scheduler picks the target. To name it: `openstack --os-compute-api-version 2.56 server migrate --host HOST VM` (client 4.0 and later, Nova Queens and later); a named host is still checked by the filters.
set -eu
moved=VERIFY_RESIZE  # the status of a VM that has moved

# Waits until every VM of a wave has been claimed by its target and has moved; stops when one is in ERROR.
wait_for() {
    for vm in "$@"; do
        while task=$(openstack server show -f value -c OS-EXT-STS:task_state -- "$vm"); do
            case "$task" in None|"") break ;; esac
            sleep 5
        done
        status=$(openstack server show -f value -c status -- "$vm")
        echo "$vm $status"
        case "$status" in ERROR) echo "stopped: $vm is in ERROR" >&2; exit 1 ;; esac
        [ -z "$moved" ] || [ "$status" = "$moved" ] || echo "warning: $vm is $status, not $moved: did it move?" >&2
    done
}

# Wave 1 of 2: 5 VMs; all of it will be sent to node01, which has room for 5 such VMs.
openstack server migrate -- vm-1  # expected on node01
openstack server migrate -- vm-2  # expected on node01
openstack server migrate -- vm-3  # expected on node01
openstack server migrate -- vm-4  # expected on node01
openstack server migrate -- vm-5  # expected on node01
wait_for vm-1 vm-2 vm-3 vm-4 vm-5

# Wave 2 of 2: 5 VMs; all of it will be sent to node02, which has room for 10 such VMs.
openstack server migrate -- vm-6  # expected on node02
openstack server migrate -- vm-7  # expected on node02
openstack server migrate -- vm-8  # expected on node02
openstack server migrate -- vm-9  # expected on node02
openstack server migrate -- vm-10  # expected on node02
wait_for vm-6 vm-7 vm-8 vm-9 vm-10
