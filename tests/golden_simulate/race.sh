#!/bin/sh
# Wave plan for batch 1 of 1, by novatrace x. Read it before you run it.
# Backtest: every logged choice and the number of failures are reproduced.
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

# Wave 1 of 1: 1 VM; all of it will be sent to compute-02, which has room for 1 such VM.
openstack server migrate -- 9e6656d8-0f46-4096-8bbc-4322bead447e  # expected on compute-02
wait_for 9e6656d8-0f46-4096-8bbc-4322bead447e

# In no wave: no host that these rules would pick has room for them.
# e7db70c0-b38b-40a9-b1f7-4556b6e86f89
# 88ef2aed-4764-49ac-918a-a31b0768eaf3
# 6859eaca-330b-45d2-957e-b47bf7015384
# 73247046-8b38-4f82-ae75-326d308bc661
# 745ea543-5f6a-49e2-aa64-c95f79f8ccf7
# e9be88fc-11c2-4152-bb92-4229c4edd2fc
# 5f9df946-c549-4980-b4a6-5a5d685e3469
