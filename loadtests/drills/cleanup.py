"""Take back whatever drills left on: what the record says, and what the processes themselves say.

Both are asked, because either may be wrong: after a crash the record names faults that are off, and a
fault that someone switched on by hand is in no record.
"""

from collections.abc import Mapping, Sequence

from loadtests.drills.addresses import Addresses
from loadtests.drills.inject import FaultSwitch, InjectionError
from loadtests.drills.record import DrillRecords, SwitchedFault


def clean_up(
    faults: Mapping[str, Sequence[str]],
    *,
    addresses: Addresses,
    switch: FaultSwitch,
    records: DrillRecords,
    drill: str | None = None,
) -> Sequence[SwitchedFault]:
    """Take back these faults (names by job) of one drill, or of any; give those that were on.

    Raises:
        InjectionError: some may still be on; all others are off.
    """
    problems: list[str] = []
    found: set[SwitchedFault] = set()
    for job, names in faults.items():
        for url in addresses.get(job, ()):
            try:
                found |= {fault for fault in switch.those_on(job, url) if fault.fault in names}
            except InjectionError as error:
                problems.append(str(error))
    active = records.active()
    is_meant = active is not None and drill in (None, active.drill)
    recorded = set(active.faults) if active is not None and is_meant else set()
    try:
        switch.all_off(sorted(found | recorded, key=str))
    except InjectionError as error:
        problems.append(str(error))
    if problems:
        raise InjectionError("\n".join(problems))
    if is_meant:
        records.forget()
    return sorted(found, key=str)
