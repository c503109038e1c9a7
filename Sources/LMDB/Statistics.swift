import CLMDB

/// Sizes and counts of an environment, as of one commit.
package struct Statistics: Hashable, Sendable {
    /// The size of a page in bytes.
    package let pageBytes: Int
    /// The height of the tree; 0 if it is empty.
    package let depth: Int
    package let branchPages: Int
    package let leafPages: Int
    /// Pages of values that are too long for a leaf.
    package let overflowPages: Int
    /// How many keys there are.
    package let entries: Int
    /// How far the file has been used, free pages included.
    package let fileBytes: Int
    /// The map's quota.
    package let mapBytes: Int
    /// The number of the last commit.
    package let lastTransaction: Int
    /// Reader slots ever used at once.
    package let readerSlots: Int

    /// Pages of the tree itself, in bytes; the rest of the file is free or keeps the free list.
    package var usedBytes: Int { (branchPages + leafPages + overflowPages) * pageBytes }

    init(_ pages: MDB_stat, _ information: MDB_envinfo) {
        pageBytes = Int(pages.ms_psize)
        depth = Int(pages.ms_depth)
        branchPages = Int(pages.ms_branch_pages)
        leafPages = Int(pages.ms_leaf_pages)
        overflowPages = Int(pages.ms_overflow_pages)
        entries = Int(pages.ms_entries)
        fileBytes = unsafe (Int(information.me_last_pgno) + 1) * pageBytes
        mapBytes = unsafe Int(information.me_mapsize)
        lastTransaction = unsafe Int(information.me_last_txnid)
        readerSlots = unsafe Int(information.me_numreaders)
    }
}
