# SPDX-License-Identifier: BSD-2-Clause
"""The statistics: cut out of the UART's stream by scripts/frame, read by programs that were written
for Linux, and compared with what `layout json` and `zones` print; frames; the settings."""
import contextlib
import os
import re
import shutil
import subprocess
import urllib.request
import warnings

import psutil
import pytest

import boot
import frame
import layout
import machine as machines
from layout import LOW
from conftest import ROOT, boot_file
from session import command, finish, typed

PAGE = 4096
ORDERS = 11
NODES = 2
# Both kinds of zone on node 0, and less than all of it in 32 bits.
MACHINE = (4, {"riscv64": "6G", "arm64": "8G"}[machines.current], NODES)
# Zones of a node, empty ones too.
ZONES = len(layout.ZONES[machines.current])
REPORTS = "buddyinfo zoneinfo meminfo vmstat numastat show_free_areas".split()
FILES = ["proc/buddyinfo", "proc/zoneinfo", "proc/meminfo", "proc/vmstat"] + [
    f"sys/devices/system/node/node{nid}/{name}" for nid in range(NODES)
    for name in ("meminfo", "numastat")]
# Linux 2.6.11's fields, and those of DMA32.
BY_ZONE = ["high", "normal", "dma32", "dma"]
VMSTAT = [
    *"nr_dirty nr_writeback nr_unstable nr_page_table_pages nr_mapped nr_slab pgpgin pgpgout "
     "pswpin pswpout".split(), *[f"pgalloc_{z}" for z in BY_ZONE],
    *"pgfree pgactivate pgdeactivate pgfault pgmajfault".split(),
    *[f"{name}_{z}" for name in ("pgrefill", "pgsteal", "pgscan_kswapd", "pgscan_direct")
      for z in BY_ZONE],
    *"pginodesteal slabs_scanned kswapd_steal kswapd_inodesteal pageoutrun allocstall "
     "pgrotated".split()]


def scripts_frame(arguments, text):
    """scripts/frame over what the UART sent."""
    return subprocess.run([os.path.join(ROOT, "scripts", "frame"), *arguments], check=False,
                          input=text.encode("latin-1"), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)


class Reports:
    """One run: its lines, and the reports as files below a folder."""

    def __init__(self, result, folder):
        self.lines = result.lines
        self.folder = str(folder)
        self.layout = frame.layout(result.lines)
        for path in FILES:
            name = re.sub(r"^(proc|sys/devices/system/node)/", "", path)
            done = scripts_frame([name], result.text)
            assert done.returncode == 0, done.stderr
            os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
            with open(self.path(path), "wb") as file:
                file.write(done.stdout)

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), encoding="ascii") as file:
            return file.read()

    def zones(self):
        """[(nid, name, the zone's object in the layout)]."""
        return [(nid, name, zone) for nid, node in self.layout["nodes"].items()
                for name, zone in node["zones"].items()]

    def free(self):
        """{(nid, name): free pages} as `zones` prints them."""
        return {(m[1], m[2]): int(m[8]) for m in map(layout.ZONE_LINE.fullmatch, self.lines) if m}

    def vmstat(self):
        return dict(line.split() for line in self.read("proc/vmstat").splitlines())


@pytest.fixture(scope="module", name="reports")
def reports_of_a_run(kernel, tmp_path_factory):
    """Some allocations from each zone and node leave their traces; then nobody allocates more."""
    commands = ["alloc 0", "alloc 9 node=1", f"alloc 0 {LOW} node=1", f"alloc 5 {LOW} COLD",
                "alloc 10 node=0", "free all", "alloc 3 node=1", "drain", "layout json", "zones",
                *REPORTS]
    result = boot_file(machines.sized(*MACHINE), kernel, commands, "min_free_kbytes=9000")
    assert boot.problems(result, commands) == []
    return Reports(result, tmp_path_factory.mktemp("reports"))


@contextlib.contextmanager
def node_exporter(reports):
    """The stock exporter over the reports; yields the address of its metrics."""
    program = shutil.which("prometheus-node-exporter") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "pageframe",
        "prometheus-node-exporter")
    assert os.path.exists(program), "prometheus-node-exporter is not there: scripts/setup gets it"
    collectors = [f"--collector.{name}" for name in
                  ("buddyinfo", "meminfo", "meminfo_numa", "vmstat", "zoneinfo")]
    with subprocess.Popen(
            [program, "--collector.disable-defaults", *collectors, "--collector.vmstat.fields=.*",
             f"--path.procfs={reports.path('proc')}", f"--path.sysfs={reports.path('sys')}",
             "--web.listen-address=127.0.0.1:0"], stderr=subprocess.PIPE, text=True) as process:
        try:
            found = None
            while not found:
                line = process.stderr.readline()
                assert line, "the exporter ended before it listened"
                found = re.search(r'msg="Listening on" address=(127\.0\.0\.1:\d+)', line)
            yield f"http://{found[1]}/metrics"
        finally:
            process.kill()


@pytest.fixture(scope="module", name="metrics")
def scraped(reports):
    """{name with its labels: value} of one scrape."""
    with node_exporter(reports) as address:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(address, timeout=60) as answer:
            text = answer.read().decode()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_exporter_reads_every_report(metrics):
    for name in ("buddyinfo", "meminfo", "meminfo_numa", "vmstat", "zoneinfo"):
        assert metrics[f'node_scrape_collector_success{{collector="{name}"}}'] == 1, name


def test_exporter_buddyinfo(reports, metrics):
    """The blocks make up what `zones` says is free, and what the layout says is managed."""
    free = reports.free()
    assert len(free) == 3
    for (nid, name), pages in free.items():
        blocks = [metrics[f'node_buddyinfo_blocks{{node="{nid}",size="{order}",zone="{name}"}}']
                  for order in range(ORDERS)]
        assert sum(int(n) << order for order, n in enumerate(blocks)) == pages
    assert sum(name.startswith("node_buddyinfo_blocks") for name in metrics) == len(free) * ORDERS


def test_exporter_zoneinfo(reports, metrics):
    """Every zone of the layout, but one that the machine has nothing of; each number of it."""
    free, there = reports.free(), {name for _, name in reports.free()}
    assert len(reports.zones()) == ZONES * NODES
    assert sum(name.startswith("node_zoneinfo_present_pages") for name in metrics) == \
        len(there) * NODES
    for nid, name, zone in reports.zones():
        if name not in there:
            assert zone["spanned"] == 0
            continue

        def value(key, of=f'{{node="{nid}",zone="{name}"}}'):
            return metrics[f"node_zoneinfo_{key}{of}"]
        for key in "min low high spanned present managed".split():
            assert value(f"{key}_pages") == zone[key], (nid, name, key)
        for index, pages in enumerate(zone["protection"]):
            assert value(f"protection_{index}") == pages, (nid, name, index)
        if zone["present"]:
            assert value("nr_free_pages") == free[nid, name]
            assert value("numa_hit_total") + value("numa_miss_total") == \
                value("numa_local_total") + value("numa_other_total") > 0


def test_exporter_meminfo(reports, metrics):
    managed = sum(zone["managed"] for _, _, zone in reports.zones())
    assert metrics["node_memory_MemTotal_bytes"] == managed * PAGE
    assert metrics["node_memory_MemFree_bytes"] == sum(reports.free().values()) * PAGE
    for key in ("Active", "Inactive", "Dirty", "Writeback", "Slab"):
        assert metrics[f"node_memory_{key}_bytes"] == 0  # nobody caches files in this run
    for nid in range(NODES):
        of = f'{{node="{nid}"}}'
        assert metrics[f"node_memory_numa_MemTotal{of}"] == PAGE * sum(
            zone["managed"] for node, _, zone in reports.zones() if node == str(nid))
        assert metrics[f"node_memory_numa_MemFree{of}"] == PAGE * sum(
            pages for (node, _), pages in reports.free().items() if node == str(nid))


def test_exporter_numastat(reports, metrics):
    """What one node missed another had been asked for; nodes and their zones agree."""
    def of_node(nid, key):
        return metrics[f'node_memory_numa_{key}_total{{node="{nid}"}}']
    nodes = range(NODES)
    assert sum(of_node(nid, "numa_miss") for nid in nodes) == \
        sum(of_node(nid, "numa_foreign") for nid in nodes)
    for nid in nodes:
        assert of_node(nid, "numa_hit") + of_node(nid, "numa_miss") == \
            of_node(nid, "local_node") + of_node(nid, "other_node") > 0
        zones = [name for node, name, zone in reports.zones()
                 if node == str(nid) and zone["present"]]
        for key, zones_key in (("numa_hit", "numa_hit"), ("numa_miss", "numa_miss"),
                               ("numa_foreign", "numa_foreign"), ("local_node", "numa_local"),
                               ("other_node", "numa_other")):
            assert of_node(nid, key) == sum(
                metrics[f'node_zoneinfo_{zones_key}_total{{node="{nid}",zone="{name}"}}']
                for name in zones), key


def test_exporter_vmstat(reports, metrics):
    """All of 2.6.11's fields in its order; what was allocated and not freed is what is not free."""
    assert list(reports.vmstat()) == VMSTAT
    assert sum(name.startswith("node_vmstat_") for name in metrics) == len(VMSTAT)
    allocated = sum(metrics[f"node_vmstat_pgalloc_{zone}"] for zone in BY_ZONE)
    managed = sum(zone["managed"] for _, _, zone in reports.zones())
    held = managed - sum(reports.free().values())  # nothing is in a cache: `drain`
    assert allocated - metrics["node_vmstat_pgfree"] == held >= 8
    for zone in BY_ZONE:
        assert (metrics[f"node_vmstat_pgalloc_{zone}"] > 0) == (zone in (LOW.lower(), "normal"))


def test_psutil(reports, monkeypatch):
    monkeypatch.setattr(psutil, "PROCFS_PATH", reports.path("proc"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it misses Buffers, Cached and Shmem
        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    assert memory.total == PAGE * sum(zone["managed"] for _, _, zone in reports.zones())
    assert memory.free == PAGE * sum(reports.free().values())
    assert (memory.active, memory.inactive, memory.slab) == (0, 0, 0)
    assert (swap.sin, swap.sout) == (0, 0)


def on_linuxs_place(reports, tool):
    """What a tool prints that can not be told where /proc and /sys are."""
    script = "\n".join([
        "set -e",
        *[f"mount --bind {reports.path('proc')}/{name} /proc/{name}"
          for name in ("meminfo", "vmstat", "zoneinfo", "buddyinfo")],
        f"mount --bind {reports.path('sys')}/devices/system/node /sys/devices/system/node",
        f"exec {tool}"])
    space = ["unshare", "--mount"] if os.geteuid() == 0 else \
        ["unshare", "--mount", "--map-root-user"]
    if subprocess.run([*space, "mount", "--bind", reports.path("proc"), "/mnt"], check=False,
                      stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no mount namespace is allowed here")
    return subprocess.run([*space, "bash", "-c", script], check=True, stdout=subprocess.PIPE,
                          text=True, env={**os.environ, "LC_ALL": "C"}).stdout


def test_free_and_vmstat(reports):
    managed = sum(zone["managed"] for _, _, zone in reports.zones()) * PAGE // 1024
    free = sum(reports.free().values()) * PAGE // 1024
    memory = re.search(r"^Mem: +(\d+) +(\d+) +(\d+)", on_linuxs_place(reports, "free -k"), re.M)
    assert [int(n) for n in memory.groups()] == [managed, managed - free, free]
    listed = on_linuxs_place(reports, "vmstat -s")
    assert re.search(rf"^ *{managed} K total memory$", listed, re.M)
    assert re.search(rf"^ *{free} K free memory$", listed, re.M)


def test_numastat(reports):
    rows = {line.split()[0]: line.split()[1:]
            for line in on_linuxs_place(reports, "numastat").splitlines() if line.strip()}
    for nid in range(NODES):
        assert rows["node0"] == ["node1"]
        for line in reports.read(f"sys/devices/system/node/node{nid}/numastat").splitlines():
            name, number = line.split()
            assert rows[name][nid] == number, name


def test_show_free_areas(reports):
    """Its sums are those of the other reports, and nodes come from the last to the first."""
    lines = frame.cut(reports.lines, "show_free_areas")
    free = reports.free()
    for (nid, name), pages in free.items():
        (blocks,) = [line for line in lines if re.match(rf"Node {nid} {name}: \d", line)]
        kb = [int(n) * int(size) for n, size in re.findall(r"(\d+)\*(\d+)kB", blocks)]
        assert len(kb) == ORDERS and sum(kb) == pages * 4
        assert blocks.endswith(f"= {pages * 4}kB")
    assert f"Free pages: {sum(free.values()) * 4:11d}kB (0kB HighMem)" in lines
    firsts = (re.match(rf"Node (\d+) {LOW} per-cpu:", line) for line in lines)
    order = [int(match[1]) for match in firsts if match]
    assert order == list(reversed(range(NODES)))


def outside_lines(result):
    """(cpu, how many) of the lines that other CPUs printed while a frame was open."""
    lines = [m[1] for m in (re.fullmatch(
        r"selftest: frame: outside, cpu (\d+): abcdefghijklmnopqrstuvwxyz0123456789", line)
        for line in result.lines) if m]
    return {cpu: lines.count(cpu) for cpu in lines}


def test_frame_has_its_own_lines_only(run):
    """All CPUs and the ticks print while a frame is open: it is whole, and so are they."""
    result = run(machines.sized(4, "256M", 1), ["selftest frame"])
    assert boot.problems(result, ["selftest frame"]) == []
    assert frame.cut(result.lines, "selftest") == [
        f"selftest: frame: line {i} of 20" for i in range(1, 21)]
    assert outside_lines(result) == {"1": 20, "2": 20, "3": 20}
    done = scripts_frame(["selftest"], result.text)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 20


def test_frame_that_others_break_is_refused(run):
    """More lines than can be held back: none is lost, and the frame says that it is none."""
    result = run(machines.sized(4, "256M", 1), ["selftest frame 500"])
    assert boot.problems(result, ["selftest frame 500"]) == []
    assert outside_lines(result) == {"1": 500, "2": 500, "3": 500}
    assert sum(line.startswith("selftest: frame: line ") for line in result.lines) == 20
    done = scripts_frame(["selftest"], result.text)
    assert done.returncode == 1 and b"is broken" in done.stderr and done.stdout == b""


def test_scripts_frame():
    log = ("boot\r\n-----BEGIN a-----\r\nold\r\n-----END a-----\r\npageframe> \r\n"
           "-----BEGIN node0/b-----\r\n\r\n x \r\n-----END node0/b-----\r\n"
           "-----BEGIN a-----\r\nnew\r\n-----END a-----\r\n-----BEGIN c-----\r\nlost")
    assert scripts_frame(["a"], log).stdout == b"new\n"
    assert scripts_frame(["node0/b"], log).stdout == b"\n x \n"
    assert scripts_frame([], log).stdout == b"a\nnode0/b\na\nc\n"
    for name, why in (("c", b"the log stops inside it"), ("d", b"there are: a, node0/b, c")):
        done = scripts_frame([name], log)
        assert (done.returncode, done.stdout) == (1, b"") and why in done.stderr
    assert scripts_frame(["a", "/nonexistent"], "").returncode == 1
    assert scripts_frame(["--help"], "").returncode == 1


def test_settings_by_boot_arguments(run):
    """watermarks of one zone of 65536 pages: a min_free_kbytes of 4096 is 1024 pages."""
    commands = ["min_free_kbytes", "lowmem_reserve_ratio", "min_free_kbytes 8192",
                "lowmem_reserve_ratio 64 0x80 16", "check"]
    result = run(machines.sized(2, "256M", 1), commands,
                 append="min_free_kbytes=4096 lowmem_reserve_ratio=256,100,32")
    assert boot.problems(result, commands) == []
    zone = f"Node 0, zone {LOW:>8}: "
    assert [line for line in result.lines if line.startswith(("min_free_kbytes: ", zone + "min"))] \
        == ["min_free_kbytes: 4096", zone + "min 1024, low 1280, high 1536 of 65536 pages",
            "min_free_kbytes: 8192", zone + "min 2048, low 2560, high 3072 of 65536 pages"]
    assert [line for line in result.lines if line.startswith("lowmem_reserve_ratio: ")] == [
        "lowmem_reserve_ratio: 256 100 32 for DMA, DMA32, Normal",
        "lowmem_reserve_ratio: 64 128 16 for DMA, DMA32, Normal"]


@pytest.mark.parametrize("word, says", [
    ("min_free_kbytes=999999999",
     "bootargs: min_free_kbytes: 999999999 KiB are more than the 262144 KiB of memory; ignored"),
    ("min_free_kbytes=much",
     "bootargs: `min_free_kbytes=much`: the value must be KiB, at most the memory there is; "
     "ignored"),
    ("lowmem_reserve_ratio=1,0,1",
     "bootargs: `lowmem_reserve_ratio=1,0,1`: the value must be A,B,C, 1 or more each; ignored")])
def test_bad_settings_at_boot_change_nothing(run, word, says):
    commands = ["min_free_kbytes", "lowmem_reserve_ratio"]
    result = run(machines.sized(2, "256M", 1), commands, append=word)
    assert boot.problems(result, commands) == []
    assert result.lines.count(says) == 1
    assert "min_free_kbytes: 2048" in result.lines
    assert "lowmem_reserve_ratio: 256 256 32 for DMA, DMA32, Normal" in result.lines


def test_bad_settings_at_the_prompt_change_nothing(kernel):
    with typed(kernel, machines.sized(2, "256M", 1)) as child:
        before = command(child, "min_free_kbytes"), command(child, "lowmem_reserve_ratio")
        for line, says in (
                ("min_free_kbytes x", "min_free_kbytes: N: `x` is no number"),
                ("min_free_kbytes 262145", "262145 KiB are more than the 262144 KiB of memory"),
                ("min_free_kbytes 1 2", "usage: min_free_kbytes [N]"),
                ("lowmem_reserve_ratio 1 0 1", "lowmem_reserve_ratio: DMA32: 0 is out of range"),
                ("lowmem_reserve_ratio 1 2", "usage: lowmem_reserve_ratio [A B C]"),
                ("lowmem_reserve_ratio 1 2 3.5", "NORMAL: `3.5` is no number")):
            (answer,) = command(child, line)
            assert says in answer
        assert before == (command(child, "min_free_kbytes"),
                          command(child, "lowmem_reserve_ratio"))
        finish(child, 0)
