"""Tables about disks, their partitions and what is on them."""
