#pragma once
#include <lmdb.h>
// statfs, which Swift's Glibc module leaves out: LMDB must not run on network file systems.
#include <sys/vfs.h>
