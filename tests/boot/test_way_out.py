"""The way out of a system with devices that lie on one another, into the next kernel."""

from guest import KERNEL, Guest

VSOCK = ("vsock", "vmw_vsock_virtio_transport_common", "vsock_loopback")
MODULES = ("drivers/md/dm-mod", "drivers/md/md-mod", "drivers/md/raid1", *(f"net/vmw_vsock/{name}" for name in VSOCK))

# Two images on loop devices, a mirror of them, a mapped device on it, another on that, and a loop
# device once more: the mapped ones lie both above and below what is not mapped.
STACK = (
    "modprobe loop; for module in md-mod raid1; do insmod /root/$module.ko; done",
    "for name in a b; do dd if=/dev/zero of=/run/$name bs=1M count=8 && losetup -f /run/$name; done",
    "echo md7 >/sys/module/md_mod/parameters/new_array",
    "block_tool mirror /dev/md7 /dev/loop0 /dev/loop1",
    "block_tool map below /dev/md7 && block_tool map above /dev/dm-2",
    "losetup /dev/loop2 /dev/dm-3",
    "mke2fs /dev/loop2 && mkdir -p /srv/stack && mount -t ext4 /dev/loop2 /srv/stack",
)


def modules():
    (found,) = (KERNEL.parent / "lib/modules").iterdir()
    return {f"root/{name.split('/')[-1]}.ko": (found / f"kernel/{name}.ko").read_bytes() for name in MODULES}


def test_layers_are_taken_apart_and_the_next_kernel_finds_the_disk_clean(images):
    tool = {"usr/bin/block_tool": images.block_tool().read_bytes()}
    kernel = {"boot/vmlinuz": KERNEL.read_bytes(), "boot/initrd": images.initramfs.read_bytes()}
    disk = images.disk_with(modules() | tool | kernel)
    initramfs = images.initramfs_with(modules() | tool)
    words = "ro console=ttyS0"
    told = "NOTIFY_SOCKET=vsock:1:5555"  # 1 is this machine itself
    with Guest(f"root=/dev/dm-1 rd.break=root {told} {words}", initramfs=initramfs, disk=disk.path) as guest:
        guest.expect(r"\*\*\* rd.break=root")
        guest.expect("/ # ")
        guest.run("insmod /root/dm-mod.ko; block_tool map disk /dev/vda1 && block_tool map system /dev/dm-0")
        guest.type("exit")
        guest.login()
        guest.run("/sbin/reboot -k 2>&1 | grep 'no kernel is loaded: load one'")
        for line in STACK:
            guest.run(f"{{ {line}; }} >/run/said 2>&1 || {{ cat /run/said; false; }}")
        guest.run(f"block_tool kexec /boot/vmlinuz /boot/initrd 'root=/dev/vda1 {words} second mainstay.shutdown-timeout=8s'")
        guest.run(f"for module in {' '.join(VSOCK)}; do insmod /root/$module.ko; done")
        guest.type("block_tool hear 5555 >/dev/console &")
        guest.expect("block_tool: listening")
        guest.type("/sbin/reboot -k")
        guest.expect("block_tool: heard STOPPING=1 STATUS=kexec")
        for name in ("/dev/loop2", "above", "below", "/dev/md7"):
            guest.expect(f"init: detached {name}\\s")
        # Loop devices go with their last user. What the root lies on stays until the end.
        guest.expect("init: detaching disk: Device or resource busy; it stays as it is")
        guest.login()
        assert guest.transcript().count("init: detaching ") == 1
        guest.run("grep second /proc/cmdline && ! test -e /run/a && ! dmesg | grep 'recovery complete'")
        # A disk that answers no more, with something to be written to it: who waits for it waits for ever.
        guest.run("modprobe loop; insmod /root/dm-mod.ko; dd if=/dev/zero of=/run/d bs=1M count=8 2>/dev/null")
        guest.run("losetup /dev/loop0 /run/d && block_tool map dead /dev/loop0 && mke2fs /dev/dm-0 >/dev/null")
        guest.run("mkdir -p /srv/dead && mount -t ext4 /dev/dm-0 /srv/dead && echo x >/srv/dead/x")
        guest.run("block_tool suspend dead; rm /run/mainstay/control")
        guest.type("/sbin/poweroff")
        guest.expect("init: the system goes down: poweroff")
        assert guest.end() == "guest-shutdown"
