"""What the kernel prints for arrays of every layout; md_seq_show() of drivers/md/md.c and the levels' own parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.linux import mdstat

HEAD = "Personalities : [linear] [raid0] [raid1] [raid6] [raid5] [raid4] [raid10] [multipath]\n"
ALL = f"""{HEAD}md0 : active raid1 sdb1[1] sda1[0]
      104320 blocks [2/2] [UU]
      
md1 : active raid5 sdd1[3](F) sdc1[2] sdb1[1] sda1[0]
      5860147200 blocks super 1.2 level 5, 512k chunk, algorithm 2 [4/3] [UUU_]
      [==>..................]  recovery = 12.6% (37043392/292945152) finish=127.5min speed=33440K/sec
      bitmap: 3/15 pages [12KB], 65536KB chunk, file: /var/lib/md1 map

md2 : active (auto-read-only) raid10 sdf[1] sde[0](W)
      41910272 blocks super 1.2 2 near-copies [2/2] [UU]
      \tresync=PENDING
      
md_d3 : active raid0 sdh1[1] sdg1[0]
      41942912 blocks super 1.2 512k chunks
      
md4 : active raid6 sdn[5](S) sdm[4](J) sdl[3] sdk[2] sdj[1] sdi[0]
      16384 blocks super 1.1 level 6, 64k chunk, algorithm 18 [4/4] [UUUU]
      [>....................]  reshape =  0.0% (0/8192) finish=0.1min speed=8192K/sec
      
md5 : active linear sdp[1] sdo[0]
      2093056 blocks super 1.2 0k rounding
      
md6 : active raid1 sdr[1] sdq[0]
      102336 blocks super 1.0 [2/2] [UU]
      [=============>.......]  check = 65.2% (66752/102336) finish=0.0min speed=66752K/sec
      bitmap: 0/1 pages [0KB], 65536KB chunk
      
md7 : active (read-only) raid1 sdt[1] sds[0]
      102336 blocks super external:/md127/0 [2/2] [UU]
      \tresync=DELAYED
      
md8 : active raid1 sdv[1] sdu[0]
      102336 blocks super 1.2 [2/2] [UU]
      [==========>..........]  resync = 50.0% (51168/102336) finish=0.0min speed=51168K/sec
      
md127 : inactive sdw[1](S) sdx[0](S)
      2354608 blocks super external:imsm
       
unused devices: sdy1[0](S) sdz1[1](S)
"""  # noqa: W293 as the kernel prints it


def arrays(text: str) -> dict[str, mdstat.Array]:
    return {array.name: array for array in mdstat.parse(text.encode()).arrays}


def test_levels_and_unused_devices_are_named() -> None:
    found = mdstat.parse(ALL.encode())
    assert found.personalities == ["linear", "raid0", "raid1", "raid6", "raid5", "raid4", "raid10", "multipath"]
    assert found.unused == "sdy1[0](S) sdz1[1](S)"
    assert mdstat.parse(b"Personalities : \nunused devices: <none>\n").unused == "<none>"


@pytest.mark.parametrize(
    ("name", "status", "size", "other"),
    [
        ("md0", "active", 104320, ""),
        ("md1", "active", 5860147200, "super 1.2 level 5, 512k chunk, algorithm 2"),
        ("md2", "active", 41910272, "super 1.2 2 near-copies"),
        ("md_d3", "active", 41942912, "super 1.2 512k chunks"),
        ("md4", "active", 16384, "super 1.1 level 6, 64k chunk, algorithm 18"),
        ("md5", "active", 2093056, "super 1.2 0k rounding"),
        ("md7", "active", 102336, "super external:/md127/0"),
        ("md127", "inactive", 2354608, "super external:imsm"),
    ],
)
def test_arrays_of_every_layout_are_read(name: str, status: str, size: int, other: str) -> None:
    found = arrays(ALL)[name]
    assert (found.status, found.size, found.other) == (status, size, other)


def test_what_is_being_done_to_an_array_is_told() -> None:
    found = arrays(ALL)
    assert found["md1"].actions == {"recovery": ("12.6% (37043392/292945152)", "127.5min", "33440K/sec")}
    assert found["md2"].actions == {"resync": ("PENDING", None, None)}
    assert found["md4"].actions == {"reshape": ("0.0% (0/8192)", "0.1min", "8192K/sec")}
    assert found["md6"].actions == {"check": ("65.2% (66752/102336)", "0.0min", "66752K/sec")}
    assert found["md7"].actions == {"resync": ("DELAYED", None, None)}
    assert found["md8"].actions == {"resync": ("50.0% (51168/102336)", "0.0min", "51168K/sec")}
    assert found["md0"].actions == {}


def test_a_bitmap_is_told_with_its_file() -> None:
    found = arrays(ALL)
    assert found["md1"].bitmap == ("3/15 pages [12KB]", "65536KB chunk", "/var/lib/md1 map")
    assert found["md6"].bitmap == ("0/1 pages [0KB]", "65536KB chunk", None)
    assert found["md0"].bitmap == (None, None, None)


def test_a_name_that_leads_elsewhere_is_none() -> None:
    assert arrays("../sda : active raid1 x[0]\nmd\0 : active raid1 x[0]\n") == {}


def test_a_kernel_without_arrays_has_none(tmp_path) -> None:
    found = mdstat.summary(str(tmp_path))
    assert (found.personalities, found.arrays, found.unused) == ([], [], None)


@given(st.lists(st.tuples(st.integers(0, len(ALL)), st.text(max_size=8)), max_size=6), st.integers(0, len(ALL)))
def test_a_damaged_summary_is_read_without_an_error(changes, end: int) -> None:
    text = ALL
    for place, noise in changes:
        text = text[:place] + noise + text[place + len(noise) :]
    mdstat.parse(text[:end].encode("utf-8", "surrogatepass"))


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    mdstat.parse(data)
    mdstat.parse(b"md0 : active\n " + data)
