package sqlite

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestR17_NetworkFileSystemsAreRefused knows the numbers of statfs(2) by their names in linux/magic.h and friends.
func TestR17_NetworkFileSystemsAreKnown(t *testing.T) {
	for magic, name := range map[uint32]string{
		0x6969: "NFS", 0x517b: "SMB", 0xff534d42: "CIFS", 0xfe534d42: "SMB2", 0x65735546: "FUSE", 0x01021997: "9P", 0x00c36400: "Ceph",
	} {
		if m := magics[magic]; m.name != name || m.kind != overNetwork {
			t.Errorf("%#x is %v, want %s", magic, m, name)
		}
	}
	for magic, name := range map[uint32]string{0xef53: "ext4", 0x58465342: "xfs", 0x9123683e: "btrfs", 0x794c7630: "overlayfs", 0x2fc12fc1: "zfs"} {
		if m := magics[magic]; m.kind != onDisk {
			t.Errorf("%s is %v", name, m)
		}
	}
}

// TestR17_NetworkFileSystemsAreRefused takes the file system of the test's folder for a network's.
func TestR17_NetworkFileSystemsAreRefused(t *testing.T) {
	dir := t.TempDir()
	var here syscall.Statfs_t
	if err := syscall.Statfs(dir, &here); err != nil {
		t.Fatal(err)
	}
	magic := uint32(here.Type)
	before := magics[magic]
	m := before
	m.name, m.kind = "TESTFS", overNetwork
	magics[magic] = m
	defer func() { magics[magic] = before }()

	path := filepath.Join(dir, "pawl.db")
	_, err := Open(path).Open(t.Context())
	if err == nil || !strings.Contains(err.Error(), "TESTFS") {
		t.Fatalf("got %v", err)
	}
	s := mustOpen(t, path, AnyFilesystem())
	defer s.Close()
	if i := s.Info(); i.Durable || len(i.Warnings) != 1 || !strings.Contains(i.Warnings[0], "TESTFS") {
		t.Fatalf("%+v", i)
	}
}
