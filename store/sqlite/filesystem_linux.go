package sqlite

import "syscall"

// The magic numbers of statfs(2) that matter.
var magics = map[uint32]struct {
	name string
	kind medium
}{
	0x00006969: {"NFS", overNetwork},
	0x0000517b: {"SMB", overNetwork},
	0xff534d42: {"CIFS", overNetwork},
	0xfe534d42: {"SMB2", overNetwork},
	0x65735546: {"FUSE", overNetwork},
	0x01021997: {"9P", overNetwork},
	0x5346414f: {"AFS", overNetwork},
	0x6b414653: {"AFS", overNetwork},
	0x73757245: {"Coda", overNetwork},
	0x0000564c: {"NCP", overNetwork},
	0x00c36400: {"Ceph", overNetwork},
	0x0bd00bd0: {"Lustre", overNetwork},
	0x01161970: {"GFS2", overNetwork},
	0x7461636f: {"OCFS2", overNetwork},
	0x47504653: {"GPFS", overNetwork},
	0x19830326: {"BeeGFS", overNetwork},
	0x01021994: {"tmpfs", inMemory},
	0x858458f6: {"ramfs", inMemory},
}

// filesystem names the file system of dir.
func filesystem(dir string) (name string, kind medium, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return "", onDisk, err
	}
	m := magics[uint32(s.Type)]
	return m.name, m.kind, nil
}
